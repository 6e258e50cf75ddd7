#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants mistakes in the CUDA sources, one at a time, and counts how many the tests find on the emulated device.

    scripts/mutate_cuda.py [--only EXPRESSION] [--sample N [--seed S] | --one-of-each] [--tests FILTER]
                           [--programs NAME...] [--presets NAME...] [--seeds N] [--jobs N] [--output FOLDER] [--fresh]
                           [--list]

scripts/cuda_mutants.py says which mistakes. A mutant is run with the tests that reach its place, quick ones first, in
several orders of the threads (KICKDRUM_EMULATION_SEED). It is killed when a test fails, crashes or runs too long. What
survives the first preset is tried with the next one: the address sanitizer sees reads that do no harm.

Mutants that change nothing are listed, with the reason, in scripts/mutate_cuda_equivalent.json.

What was found is kept in build/mutation/results.json (or another FOLDER): mutants that were killed aren't tried again
as long as their file stays the same, unless --fresh is given. The report is report.md beside it. Exit code 0: at least
95 % of those that change something were killed; 1: less; 2: the tests fail without a mutant, or an entry of the list
fits none.
"""

import argparse
import concurrent.futures
import hashlib
import json
import math
import os
import random
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from cuda_mutants import Mutant, find_mutants, write_sources

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = ROOT / "scripts" / "mutate_cuda_equivalent.json"
WANTED_RATE = 0.95
QUICK_SECONDS = 1.5


def fail(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


# --- building the test programs with all mutants in them ----------------------------------------------------------

def run(command: list[str], **arguments) -> subprocess.CompletedProcess:
    return subprocess.run(command, check=True, text=True, **arguments)


def objects_with(build: Path, files: set[str]) -> set[str]:
    """The objects that were compiled from one of the files, or from a source that includes one."""
    objects = set()
    current = ""
    for line in run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True).stdout.splitlines():
        if line and not line.startswith(" "):
            current = line.split(":")[0]
        elif os.path.relpath(os.path.normpath(build / line.strip()), ROOT) in files:
            objects.add(current)
    return objects


def compile_mutated(build: Path, output: Path, sources: Path, files: set[str], jobs: int) -> dict[str, Path]:
    """Compiles what contains a mutant, by the preset's own commands; gives the new object of each old one."""
    wanted = objects_with(build, files)
    commands = []
    replaced = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        words = shlex.split(entry["command"])
        at = words.index("-o") + 1
        if words[at] not in wanted:
            continue
        replaced[words[at]] = output / words[at].replace("/", "_")
        words[at] = str(replaced[words[at]])
        source = os.path.relpath(entry["file"], ROOT)
        if source in files:
            words[words.index(entry["file"])] = str(sources / source)
        compiler = 1 if words[0].endswith("ccache") else 0
        words[compiler + 1:compiler + 1] = ["-w", f"-I{sources}", "-include", str(sources / "mutation_switch.h")]
        commands.append(words)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda words: run(words, cwd=build), commands))
    return replaced


def link(build: Path, output: Path, program: str, replaced: dict[str, Path]) -> Path:
    commands = run(["ninja", "-C", str(build), "-t", "commands", f"tests/{program}"], capture_output=True).stdout
    words = next(shlex.split(c) for c in re.split(r" && |\n", commands) if f" -o tests/{program} " in c)
    target = output / program
    linked = [str(replaced.get(word, word)) for word in words]
    at = linked.index("-o")
    linked[at + 1] = str(target)
    # An object that stands before the library which also has it keeps the library's from being taken.
    layers = {Path(word).parent.name for word in words if word.endswith(".a")}
    linked[at:at] = [str(new) for old, new in replaced.items() if old.split("/")[0] in layers]
    run(linked, cwd=build)
    return target


def build_programs(preset: str, files: set[str], options) -> list[Path]:
    build = ROOT / "build" / preset
    output = options.output / preset
    output.mkdir(parents=True, exist_ok=True)
    run(["cmake", "--preset", preset, "-DKICKDRUM_BUILD_TESTS=ON"], cwd=ROOT, stdout=subprocess.DEVNULL)
    run(["cmake", "--build", str(build), "--parallel", str(options.jobs), "--target", *options.programs],
        stdout=subprocess.DEVNULL)
    replaced = compile_mutated(build, output, options.output / "source", files, options.jobs)
    return [link(build, output, program, replaced) for program in options.programs]


# --- running them -------------------------------------------------------------------------------------------------

class Test(NamedTuple):
    program: Path
    name: str
    seconds: float
    reached: frozenset


def list_tests(program: Path, selected: str) -> list[str]:
    listed = run([str(program), "--gtest_list_tests", f"--gtest_filter={selected}"], capture_output=True).stdout
    names = []
    suite = ""
    for line in listed.splitlines():
        name = line.split("#")[0].strip()
        if line.startswith(" "):
            names.append(suite + name)
        else:
            suite = name
    return names


class Outcome(NamedTuple):
    passed: bool
    output: str
    seconds: float  # of the processor


def run_tests(program: Path, names: list[str], limit: float, **variables: str) -> Outcome:
    """Runs tests until one fails. limit: seconds of the processor; on a busy machine a clock would say little."""
    command = ["prlimit", f"--cpu={math.ceil(limit)}", str(program), "--gtest_fail_fast",
               f"--gtest_filter={':'.join(names)}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env={**os.environ, **variables}) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Outcome(process.returncode == 0, output, usage.ru_utime + usage.ru_stime)


def try_test(program: Path, name: str) -> Test:
    """Runs a test as it is, and notes which mutants it reaches."""
    note = program.with_name(f"reached_{program.name}_{name.replace('/', '_')}")
    outcome = run_tests(program, [name], 600, KICKDRUM_MUTANTS_REACHED=str(note))
    if not outcome.passed:
        fail(f"{name} fails without a mutant:\n{outcome.output}")
    reached = frozenset(map(int, note.read_text(encoding="utf-8").split()))
    note.unlink()
    return Test(program, name, outcome.seconds, reached)


def killer(mutant: Mutant, seed: int, program: Path, tests: list[Test]) -> str:
    """What of the tests fails; empty if none does."""
    limit = 10 + 20 * sum(test.seconds for test in tests)
    outcome = run_tests(program, [test.name for test in tests], limit, KICKDRUM_MUTANT=str(mutant.number),
                        KICKDRUM_EMULATION_SEED=str(seed))
    if outcome.passed:
        return ""
    started = re.findall(r"\[ RUN      \] (\S+)", outcome.output)
    return f"{started[-1] if started else program.name}, seed {seed}"


def killer_of_all(mutant: Mutant, tests: list[Test], seeds: int) -> str:
    quick: list[Test] = []
    slow: list[Test] = []
    for test in tests:
        (quick if sum(t.seconds for t in quick) + test.seconds < QUICK_SECONDS else slow).append(test)
    for batch in (quick, slow):
        for seed in range(1, seeds + 1):
            for program in sorted({test.program for test in batch}):
                found = killer(mutant, seed, program, [test for test in batch if test.program == program])
                if found:
                    return found
    return ""


class Results:
    """What became of each mutant: killed, survived, not reached. On disk after each one."""

    def __init__(self, folder: Path, fresh: bool):
        self.path = folder / "results.json"
        known = not fresh and self.path.exists()
        self.entries: dict[str, dict] = json.loads(self.path.read_text(encoding="utf-8")) if known else {}

    @staticmethod
    def version(file: str) -> str:
        return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:16]

    def get(self, mutant: Mutant) -> dict:
        entry = self.entries.get(mutant.key(), {})
        return entry if entry.get("version") == self.version(mutant.file) else {}

    def set(self, mutant: Mutant, state: str, by: str) -> None:
        self.entries[mutant.key()] = {"state": state, "by": by, "version": self.version(mutant.file)}
        written = self.path.with_suffix(".new")
        written.write_text(json.dumps(self.entries, indent=0), encoding="utf-8")
        written.replace(self.path)


def examine(preset: str, mutants: list[Mutant], results: Results, options) -> None:
    programs = build_programs(preset, {mutant.file for mutant in mutants}, options)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        names = [(program, name) for program in programs for name in list_tests(program, options.tests)]
        tests = sorted(pool.map(lambda n: try_test(*n), names), key=lambda test: test.seconds)
        seconds = sum(test.seconds for test in tests)
        print(f"{preset}: {len(mutants)} mutants, {len(tests)} tests of {seconds:.0f} s", flush=True)

        def one(mutant: Mutant) -> tuple[Mutant, str, str]:
            reaching = [test for test in tests if mutant.number in test.reached]
            by = killer_of_all(mutant, reaching, options.seeds)
            return mutant, "killed" if by else "survived" if reaching else "not reached", by

        for future in concurrent.futures.as_completed([pool.submit(one, mutant) for mutant in mutants]):
            mutant, state, by = future.result()
            if state != "not reached" or not results.get(mutant):
                results.set(mutant, state, f"{by}, {preset}" if by else "")
            if state != "killed":
                print(f"  {mutant.file}:{mutant.line}: {mutant.place.kind} {mutant.occurrence} {state}: {mutant.code}",
                      flush=True)


# --- the report ---------------------------------------------------------------------------------------------------

def table(name: str, rows: list[tuple[str, str]]) -> list[str]:
    """Of (group, state): how many of each group are in each state, and the rate."""
    states = ("killed", "survived", "not reached", "equivalent")
    lines = [f"| {name} | " + " | ".join(states) + " | rate |", "|---" * (len(states) + 2) + "|"]
    for group in (*sorted({row[0] for row in rows}), "all"):
        counts = [sum(row[1] == state and group in (row[0], "all") for row in rows) for state in states]
        rate = 100 * counts[0] / max(1, sum(counts[:3]))
        lines.append(f"| {group} | " + " | ".join(map(str, counts)) + f" | {rate:.1f} % |")
    return lines


def report(chosen: list[Mutant], reasons: dict[str, str], results: Results) -> float:
    states = {m: "equivalent" if m.key() in reasons else results.get(m).get("state", "not reached") for m in chosen}
    lines = ["# Mutation test of the CUDA sources", ""]
    lines += table("kind", [(m.place.kind, state) for m, state in states.items()]) + [""]
    lines += table("file", [(m.file, state) for m, state in states.items()]) + [""]
    lines += ["| place | mistake | state | code | reason |", "|---|---|---|---|---|"]
    for m, state in states.items():
        if state != "killed":
            code = m.code.replace("|", "\\|")
            lines.append(f"| {m.file}:{m.line} | {m.place.kind} {m.occurrence} | {state} | `{code}` | "
                         f"{reasons.get(m.key(), '')} |")
    results.path.with_name("report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    counted = [state for state in states.values() if state != "equivalent"]
    rate = counted.count("killed") / max(1, len(counted))
    print(f"{counted.count('killed')} of {len(counted)} mutants killed ({100 * rate:.1f} %); "
          f"{len(states) - len(counted)} more change nothing")
    return rate


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--only", default="", metavar="EXPRESSION", help="mutants of files whose path it fits")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many of them, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--one-of-each", action="store_true", help="only the first one of each kind")
    parser.add_argument("--tests", default="*/cuda*:*Cuda*", metavar="FILTER", help="of Google Test")
    parser.add_argument("--programs", nargs="+", default=["kernels_tests", "dsp_tests", "nn_tests"])
    parser.add_argument("--presets", nargs="+", default=["cuda-emulated", "cuda-emulated-asan"])
    parser.add_argument("--seeds", type=int, default=3, help="tries of each test")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "mutation", metavar="FOLDER")
    parser.add_argument("--fresh", action="store_true", help="forget what was found before")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    return parser.parse_args()


def choose(mutants: list[Mutant], reasons: dict[str, str], options) -> list[Mutant]:
    chosen = [mutant for mutant in mutants if re.search(options.only, mutant.file)]
    if options.one_of_each:
        first = {m.place.kind: m for m in reversed(chosen) if m.key() not in reasons}
        return sorted(first.values())
    if options.sample and options.sample < len(chosen):
        return sorted(random.Random(options.seed).sample(chosen, options.sample))
    return chosen


def read_reasons(mutants: list[Mutant]) -> dict[str, str]:
    reasons = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    for key in sorted(reasons.keys() - {mutant.key() for mutant in mutants}):
        fail(f"{EQUIVALENT.name}: no mutant is '{key}'")
    return reasons


def main() -> int:
    options = parse_arguments()
    mutants = find_mutants(ROOT)
    reasons = read_reasons(mutants)
    chosen = choose(mutants, reasons, options)
    if options.list:
        for mutant in chosen:
            print(f"{mutant.file}:{mutant.line}: {mutant.place.kind} {mutant.occurrence}: {mutant.code}")
        return 0
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    options.output = options.output.resolve()
    options.output.mkdir(parents=True, exist_ok=True)
    results = Results(options.output, options.fresh)
    for preset in options.presets:
        left = [m for m in chosen if m.key() not in reasons and results.get(m).get("state") != "killed"]
        if left:
            files = {mutant.file for mutant in left}
            write_sources(ROOT, options.output / "source", [mutant for mutant in mutants if mutant.file in files])
            examine(preset, left, results, options)
    return 0 if report(chosen, reasons, results) >= WANTED_RATE else 1


if __name__ == "__main__":
    sys.exit(main())
