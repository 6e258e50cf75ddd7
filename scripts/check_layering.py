#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the rules about folders and includes that a compiler doesn't check.

    scripts/check_layering.py [FOLDER]      FOLDER: the repository (default: the one this script lies in)

Prints each violation as file:line: message. Exit code 0: none; 1: some.
"""

import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

# What the files of a folder may include from the repository. experiments -> {dsp, nn} -> kernels; tests and
# benchmarks stand outside.
LAYERS = {
    "kernels": {"kernels"},
    "dsp": {"dsp", "kernels"},
    "nn": {"nn", "kernels"},
    "experiments": {"experiments", "dsp", "nn", "kernels"},
    "benchmarks": {"benchmarks", "experiments", "dsp", "nn", "kernels"},
    "tests": {"tests", "experiments", "dsp", "nn", "kernels"},
}
SOURCES = {".h", ".cpp", ".cu", ".cuh"}
OTHER_OWN_FILES = {".cmake", ".py", ".sh", ".txt"}

# Libraries that only some files may include: the header's pattern, where it's allowed, and that rule in words.
LIBRARIES = [
    (r"(cuda|cudnn|cublas|cufft|cub/|thrust/|nvtx|device_launch)", 
     r"(_cuda\.cu|\.cuh)$|^tests/(support/)?cuda_emulation/", "*_cuda.cu, *.cuh and the CUDA emulation"),
    (r"(dnnl|oneapi/)", r"^benchmarks/", "the benchmarks"),
    (r"yaml-cpp/", r"^experiments/.*\.cpp$|^tests/", "the .cpp files of experiments"),
    (r"CLI/", r"^(experiments|benchmarks)/.*\.cpp$|^tests/", "the .cpp files of experiments and benchmarks"),
    # json_fwd.hpp only declares, so headers may have it.
    (r"nlohmann/json_fwd\.hpp", r"^(experiments|tests|benchmarks|nn/formats)/", "experiments and nn/formats"),
    (r"nlohmann/(?!json_fwd\.hpp)", r"^((experiments|nn/formats)/.*\.cpp$|tests/|benchmarks/)",
     "the .cpp files of experiments and nn/formats"),
    (r"(hdf5|zip)\.h", r"^nn/formats/(hdf5|keras)_", "nn/formats"),
    (r"(sndfile|soxr)", r"^(dsp|experiments|tests)/.*\.(cpp|h)$", "dsp and experiments"),
    (r"(gtest|gmock)/", r"^tests/", "tests"),
    (r"benchmark/benchmark\.h", r"^benchmarks/", "benchmarks"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
LICENCE = "SPDX-License-Identifier: MIT"


class Violation(NamedTuple):
    path: str
    line: int
    message: str


def check_licence(path: str, lines: list[str]) -> Iterator[Violation]:
    # A script's first line is its interpreter.
    head = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
    if not head or LICENCE not in head[0]:
        yield Violation(path, 1, f"the first line must say '{LICENCE}'")


def check_include(root: Path, path: str, number: int, quote: str, included: str) -> Iterator[Violation]:
    layer = path.split("/")[0]
    target = included.split("/")[0]
    if quote == '"':
        if target not in LAYERS or "/" not in included:
            yield Violation(path, number, f'"{included}" must be written from the root of the repository')
        elif target not in LAYERS[layer]:
            allowed = ", ".join(sorted(LAYERS[layer] - {layer})) or "nothing else"
            yield Violation(path, number, f'{layer} must not include "{included}" (it may include {allowed})')
        elif not (root / included).is_file():
            yield Violation(path, number, f'"{included}" doesn\'t exist')
        return
    if target in LAYERS and "/" in included:
        yield Violation(path, number, f'<{included}> is a file of this repository: write it with quotes')
    for pattern, allowed_files, allowed_in_words in LIBRARIES:
        if re.match(pattern, included) and not re.search(allowed_files, path):
            yield Violation(path, number, f"<{included}> may only be included by {allowed_in_words}")


def check_source(root: Path, path: str, lines: list[str]) -> Iterator[Violation]:
    name = Path(path).name
    if name.endswith(".h") and not any(line.startswith("#pragma once") for line in lines):
        yield Violation(path, 1, "a header needs '#pragma once'")
    for backend in ("_cpu.cpp", "_cuda.cu"):
        header = path.removesuffix(backend) + ".h"
        if path.startswith("kernels/ops/") and name.endswith(backend) and not (root / header).is_file():
            yield Violation(path, 1, f"the contract of this op, {header}, is missing")
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield from check_include(root, path, number, match[1], match[2])


def own_files(root: Path) -> Iterator[Path]:
    for folder in [*LAYERS, "cmake", "scripts"]:
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and file.suffix in SOURCES | OTHER_OWN_FILES:
                yield file


def check(root: Path) -> list[Violation]:
    violations = []
    for file in own_files(root):
        path = file.relative_to(root).as_posix()
        lines = file.read_text(encoding="utf-8").splitlines()
        # Text files other than CMake's are data.
        if file.suffix != ".txt" or file.name == "CMakeLists.txt":
            violations += check_licence(path, lines)
        if file.suffix in SOURCES:
            violations += check_source(root, path, lines)
    return violations


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    violations = check(root)
    for violation in violations:
        print(f"{violation.path}:{violation.line}: {violation.message}")
    print(f"{len(violations)} violations" if violations else "No violations.")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
