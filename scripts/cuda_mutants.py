# SPDX-License-Identifier: MIT
"""Finds the places of CUDA sources where scripts/mutate_cuda.py plants mistakes, and plants them.

Kinds:
    barrier   a __syncthreads() or __syncwarp() is left out
    atomic    an atomic operation is left out
    index     in device code, a subscript, the address of a load or store, or a pointer's first value is shifted by one
    bound     in device code, a comparison's border is shifted by one (loop ends, guards)
    stream    a cudaStreamWaitEvent, cudaEventRecord, cudaEventSynchronize or cudaStreamSynchronize is left out

All mistakes of a source are compiled in at once, each behind a switch that an environment variable turns on.
"""

import re
import shutil
from pathlib import Path
from typing import Iterator, NamedTuple

# launch.cuh has a version of its own in the emulation; *_library_cuda.cu aren't compiled there.
NOT_MUTATED = re.compile(r"_library_cuda\.cu$|^kernels/cuda/(launch|check)\.cuh$")

# KICKDRUM_MUTANT is the number of the one that is on; KICKDRUM_MUTANTS_REACHED a file for the numbers of those whose
# code was run.
SWITCH_HEADER = """\
#pragma once
#include <cstdio>
#include <cstdlib>
#include <type_traits>
namespace kickdrum_mutation {
struct Record {
    const char* const path = std::getenv("KICKDRUM_MUTANTS_REACHED");
    bool reached[COUNT] = {};
    ~Record() {
        if (path == nullptr) return;
        std::FILE* file = std::fopen(path, "w");
        for (int i = 0; i < COUNT; ++i) if (reached[i]) std::fprintf(file, "%d\\n", i);
        std::fclose(file);
    }
};
inline Record record;
inline const int active = std::getenv("KICKDRUM_MUTANT") ? std::atoi(std::getenv("KICKDRUM_MUTANT")) : -1;
constexpr int on(int mutant) {
    if (std::is_constant_evaluated()) return 0;
    if (record.path != nullptr) record.reached[mutant] = true;
    return mutant == active;
}
}
"""


class Place(NamedTuple):
    kind: str
    begin: int  # what is replaced in the file's text, and by what; {} stands for the switch
    end: int
    text: str


class Mutant(NamedTuple):
    number: int
    file: str
    line: int
    code: str        # the line, which together with the occurrence outlives edits elsewhere in the file
    occurrence: int  # among the places of this kind in lines that read the same
    place: Place

    def key(self) -> str:
        return f"{self.file} | {self.place.kind} | {self.code} | {self.occurrence}"


def without_comments(text: str) -> str:
    """The text with comments, strings and directives blanked out, every other character in its place."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|^[ \t]*#[^\n]*', re.DOTALL | re.MULTILINE)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def closing(code: str, begin: int) -> int:
    """The position behind the bracket that closes the one at `begin`."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    stack = []
    for i in range(begin, len(code)):
        if code[i] in pairs:
            stack.append(pairs[code[i]])
        elif stack and code[i] == stack[-1]:
            stack.pop()
            if not stack:
                return i + 1
    raise ValueError("unbalanced brackets")


def device_code(code: str) -> list[tuple[int, int]]:
    """The bodies of the functions that run on the device."""
    bodies: list[tuple[int, int]] = []
    for match in re.finditer(r"__(global|device)__", code):
        if bodies and match.start() < bodies[-1][1]:
            continue
        i = match.end()
        while i < len(code) and code[i] not in "{;":
            i = closing(code, i) if code[i] == "(" else i + 1
        if i < len(code) and code[i] == "{":
            bodies.append((i, closing(code, i)))
    return bodies


DECLARATION = re.compile(r"(^|[;{(,]\s*)(const |constexpr |static )*[A-Za-z_][\w:]*(<[^;]*>)?[ *&]+\w+$")


def is_subscript(code: str, at: int) -> bool:
    """Whether the bracket at `at` takes an element: it isn't a lambda's, or an array's declaration."""
    before = code[:at]
    if not re.search(r"[\w)\]]$", before) or re.search(r"\(&\w+\)$|\breturn$", before):
        return False
    line = re.sub(r"(\[[^\[\]]*\])+$", "", before[before.rfind("\n") + 1:].strip())
    return not DECLARATION.search(line)


def in_constant(code: str, at: int) -> bool:
    """Whether the statement is evaluated by the compiler."""
    begin = max(code.rfind(c, 0, at) for c in ";{}")
    return re.search(r"\b(constexpr|static_assert|template|KICKDRUM_SHARED|requires)\b", code[begin + 1:at]) is not None


def device_places(code: str) -> Iterator[Place]:
    address = re.compile(r"\b(?:(?:load|store)_vector(?:<[^;()]*>)?|__ldg|__ldcs|__stcs)\(")
    pointer = re.compile(r"\*(?: const)? \w+ = (?!nullptr)")
    for begin, end in device_code(code):
        for at in (begin + m.start() for m in re.finditer(r"\[", code[begin:end])):
            if is_subscript(code, at) and not in_constant(code, at):
                yield Place("index", at + 1, at + 1, "{} + ")
        for match in (*address.finditer(code, begin, end), *pointer.finditer(code, begin, end)):
            yield Place("index", match.end(), match.end(), "{} + ")
        for match in re.compile(r" (<=|>=|<|>) ").finditer(code, begin, end):
            if not in_constant(code, match.end()):
                shifted = "{} + " if match[1] in ("<", ">=") else "-{} + "
                yield Place("bound", match.end(), match.end(), shifted)


def places(text: str) -> list[Place]:
    code = without_comments(text)
    found = list(device_places(code))
    for pattern, kind in ((r"__sync(threads|warp)\(", "barrier"), (r"\batomic[A-Z]\w*\(", "atomic")):
        found += [Place(kind, m.start(), m.start(), "if (!{}) ") for m in re.finditer(pattern, code)]
    for match in re.finditer(r"\bcuda(StreamWaitEvent|EventRecord|(Event|Stream)Synchronize)\(", code):
        end = closing(code, match.end() - 1)
        found.append(Place("stream", match.start(), end, "({} ? cudaSuccess : " + text[match.start():end] + ")"))
    return sorted(found, key=lambda place: place.begin)


def mutants_of(file: str, text: str, first_number: int = 0) -> list[Mutant]:
    mutants: list[Mutant] = []
    lines = text.splitlines()
    seen: dict[tuple[str, str], int] = {}
    for place in places(text):
        line = text.count("\n", 0, place.begin) + 1
        code = lines[line - 1].strip()
        occurrence = seen[(place.kind, code)] = seen.get((place.kind, code), -1) + 1
        mutants.append(Mutant(first_number + len(mutants), file, line, code, occurrence, place))
    return mutants


def find_mutants(root: Path) -> list[Mutant]:
    files = (path.relative_to(root).as_posix() for layer in ("kernels", "dsp", "nn", "experiments")
             for pattern in ("*_cuda.cu", "*.cuh") for path in (root / layer).rglob(pattern))
    mutants: list[Mutant] = []
    for file in sorted(file for file in files if not NOT_MUTATED.search(file)):
        mutants += mutants_of(file, (root / file).read_text(encoding="utf-8"), len(mutants))
    return mutants


def planted(text: str, mutants: list[Mutant]) -> str:
    """The text with all of its mutants, each behind its switch."""
    for mutant in sorted(mutants, key=lambda m: m.place.begin, reverse=True):
        place = mutant.place
        switch = f"::kickdrum_mutation::on({mutant.number})"
        text = text[:place.begin] + place.text.replace("{}", switch) + text[place.end:]
    return text


def write_sources(root: Path, folder: Path, mutants: list[Mutant]) -> None:
    """The mutants' files below `folder`, and the header that all that is compiled with them must include first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in {mutant.file for mutant in mutants}:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (root / file).read_text(encoding="utf-8")
        target.write_text(planted(text, [m for m in mutants if m.file == file]), encoding="utf-8")
    count = 1 + max(mutant.number for mutant in mutants)
    (folder / "mutation_switch.h").write_text(SWITCH_HEADER.replace("COUNT", str(count)), encoding="utf-8")
