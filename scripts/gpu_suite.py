#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What scripts/gpu_suite.sh runs: see there. A section is a list of commands; one that fails doesn't stop the next
section. Needs Python 3.9 and nothing else."""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, NamedTuple, Optional

NO_GPU = 4
Figures = dict
Log = str


class Command(NamedTuple):
    argv: list
    environment: dict = {}
    figures: Optional[Callable[[Log], Figures]] = None  # from the output; may raise AssertionError: the section fails


class Section(NamedTuple):
    name: str
    title: str
    commands: list
    skipped: str = ""  # why it can't run here


class Suite:
    """The commands of all sections, for a GPU or for the emulated device."""

    def __init__(self, options: argparse.Namespace):
        self.dry = options.dry_run
        self.build = options.build or Path("build/cuda-emulated" if self.dry else "build/cuda")
        self.out = options.out
        self.jobs = str(os.cpu_count() or 1)

    def test(self, program: str, *tests: str, launcher: tuple = ()) -> Command:
        return Command([*launcher, self.build / "tests" / f"{program}_tests", "--gtest_filter=" + ":".join(tests)],
                       figures=gtest_figures)

    def sections(self) -> list:
        return [self.section_build(), self.section_tests(), *self.sections_sanitizer(), self.section_graph(),
                self.section_determinism(), self.section_kernels(), self.section_roofline(), self.section_pytorch(),
                self.section_experiment()]

    def section_build(self) -> Section:
        if self.dry:
            return Section("build", "Build", [Command(["test", "-x", self.build / "tests/kernels_tests"])])
        return Section("build", "Build", [
            Command(["scripts/install_dependencies.sh", "build", "test", "benchmark"]),
            Command(["cmake", "--preset", "cuda", "-DKICKDRUM_BUILD_TESTS=ON", "-DKICKDRUM_BUILD_BENCHMARKS=ON"]),
            Command(["cmake", "--build", "--preset", "cuda", "--parallel", self.jobs])])

    def section_tests(self) -> Section:
        if self.dry:
            return Section("tests", "Tests", [self.test("kernels", "*BatchStep*/cuda", "*StepGraph*/cuda")])
        return Section("tests", "Tests, nothing skipped that needs the GPU", [
            Command(["ctest", "--preset", "cuda", "--no-tests=error", "--parallel", "2"], figures=ctest_figures)])

    def sections_sanitizer(self) -> list:
        small = ("*BatchStep*/cuda", "*GlobalPool*/cuda")
        sections = []
        for tool in ("memcheck", "racecheck", "initcheck", "synccheck"):
            launcher = () if self.dry else ("compute-sanitizer", "--tool", tool, "--error-exitcode", "9")
            missing = "" if self.dry or shutil.which("compute-sanitizer") else "compute-sanitizer wasn't found"
            programs = ("kernels",) if self.dry else ("kernels", "dsp", "nn")
            tests = small if self.dry else ("*/cuda",)
            sections.append(Section(tool, f"compute-sanitizer, {tool}",
                                    [self.test(program, *tests, launcher=launcher) for program in programs], missing))
        return sections

    def section_graph(self) -> Section:
        return Section("graph", "Captured steps give the bits of ordinary ones", [
            self.test("nn", "*CapturedStepsGiveTheBitsOfOrdinaryOnes/cuda"),
            self.test("kernels", "*RepeatedRunsEqualOrdinarySteps/cuda")])

    def demo(self) -> tuple:
        """The commands that write the demo, and the options that make it small in a dry run."""
        folder = self.out / "demo"
        tracks = ["--tracks", "6", "--clips", "1"] if self.dry else []
        small = ["--set", "features.size=[16, 16]", "--set", "training.batch_size=8", "--set", "training.epochs=1",
                 "--set", "runs=1"] if self.dry else ["--set", "training.epochs=5", "--set", "runs=2"]
        return folder, Command([self.build / "kickdrum", "demo-data", folder, *tracks, "--quiet"]), small

    def run(self, file: Path, results: Path, *options: str, **more) -> Command:
        return Command([self.build / "kickdrum", "run", file, "--device", "cuda", "--out", results, "--force", "--quiet",
                        "--cache", self.out / "cache", *options], **more)

    def section_determinism(self) -> Section:
        folder, write_demo, options = self.demo()
        first, second = self.out / "once", self.out / "again"
        tests = [self.test(program, "*SameBits*/cuda", "*TwoTrainersTakeTurns/cuda") for program in ("kernels", "nn")]
        return Section("determinism", "The same bits in every run", [
            *(tests[1:] if self.dry else tests), write_demo,
            self.run(folder / "experiment.yaml", first, *options),
            self.run(folder / "experiment.yaml", second, *options, figures=lambda _: same_results(first, second))])

    def section_kernels(self) -> Section:
        program = self.build / "benchmarks/kickdrum_cuda_benchmarks"
        out = self.out / "kernels.json"
        options = ["--tiny", "--benchmark_filter=bf16/(conv_block_1|dense_2|adam)"] if self.dry else []
        return Section("kernels", "Kernels and calls of libraries, as shares of the roofline", [
            Command([program, *options, f"--benchmark_out={out}", "--benchmark_out_format=json"],
                    figures=lambda _: benchmark_figures(out))])

    def section_roofline(self) -> Section:
        return Section("roofline", "The step that the model predicts", [
            Command(["python3", "benchmarks/roofline.py", "experiments/configs/hard_techno_main.yaml", "--math", math],
                    figures=roofline_figures) for math in ("bf16", "tf32")])

    def section_pytorch(self) -> Section:
        title = "Training step beside PyTorch's"
        if self.dry:
            # PyTorch needs a GPU; the script itself is asked for its options.
            return Section("pytorch", title, [Command(["python3", "benchmarks/compare_pytorch.py", "--help"])])
        commands = []
        for math in ("fp32", "tf32", "bf16"):
            out = self.out / f"pytorch_{math}.json"
            commands.append(Command(
                ["python3", "benchmarks/compare_pytorch.py", "--device", "cuda", "--math", math, "--steps", "30",
                 "--create-venv", "build/peers-pytorch", "--json", out], figures=lambda _, out=out: peer_figures(out)))
        return Section("pytorch", title, commands)

    def section_experiment(self) -> Section:
        results = self.out / "experiment"
        folder, write_demo, options = self.demo()
        if "KICKDRUM_REFERENCE_DATA" in os.environ and not self.dry:
            file = Path("experiments/configs/hard_techno_main.yaml")
            return Section("experiment", "The main experiment", [
                self.run(file, results, figures=lambda _: experiment_figures(results))])
        title = "The demo" if self.dry else "The demo, since KICKDRUM_REFERENCE_DATA isn't set"
        return Section("experiment", title, [
            write_demo, self.run(folder / "experiment.yaml", results, *(options if self.dry else []),
                                 figures=lambda _: experiment_figures(results))])


# What is read from outputs and files. Each raises AssertionError where a command that ended well shows a failure.

def gtest_figures(log: Log) -> Figures:
    passed = re.search(r"\[  PASSED  \] (\d+) tests?\.", log)
    skipped = re.search(r"\[  SKIPPED \] (\d+) tests?", log)
    assert passed and int(passed[1]) > 0, "no test ran"
    assert not skipped, f"{skipped[1]} tests were skipped"
    return {"tests": int(passed[1])}


def ctest_figures(log: Log) -> Figures:
    total = re.search(r"tests failed out of (\d+)", log)
    skipped = re.findall(r"^\s*\d+ - (.*\(Skipped\))", log, re.MULTILINE)
    on_gpu = [name for name in skipped if "/cuda" in name]
    assert total, "no test ran"
    assert not on_gpu, f"skipped on the GPU: {', '.join(on_gpu)}"
    return {"tests": int(total[1]), "skipped, not of the GPU": len(skipped)}


def benchmark_figures(file: Path) -> Figures:
    report = json.loads(file.read_text())
    figures = {name: report["context"].get(name, "") for name in ("GPU", "memory", "roofline")}
    for run in report["benchmarks"]:
        name = re.sub(r"(/iterations:\d+)?/manual_time$", "", run["name"])
        share = f", {run['% of roofline']:.0f} % of the roofline" if "% of roofline" in run else ""
        figures[name] = f"{run['real_time']:.1f} {run['time_unit']}{share}"
    assert report["benchmarks"], "nothing was measured"
    return figures


def roofline_figures(log: Log) -> Figures:
    gpus = [cell.strip() for cell in re.search(r"^\| node .*$", log, re.MULTILINE)[0].split("|")[5:-1]]
    total = [cell.strip(" *") for cell in re.search(r"^\| \*\*\d+ nodes.*$", log, re.MULTILINE)[0].split("|")[1:-1]]
    return {"launches": total[0], "MB": total[2], **dict(zip(gpus, total[4:]))}


def peer_figures(file: Path) -> Figures:
    report = json.loads(file.read_text())
    assert report["losses_agree"], "the losses differ"
    return {name: f"{min(times):.3f} ms best, {sorted(times)[len(times) // 2]:.3f} ms median"
            for name, times in report["step_ms"].items()}


def same_results(first: Path, second: Path) -> Figures:
    files = sorted(path.relative_to(first) for path in first.glob("runs/*/*")
                   if path.suffix == ".safetensors" or path.name.startswith("predictions"))
    assert files, f"{first} has no results"
    different = [str(file) for file in files if (first / file).read_bytes() != (second / file).read_bytes()]
    assert not different, f"these differ: {', '.join(different)}"
    return {"equal files": len(files)}


def experiment_figures(results: Path) -> Figures:
    summary = json.loads((results / "summary.json").read_text())
    return {name: value for name, value in flattened(summary) if name.endswith((".mean", "seconds"))}


def flattened(value, name: str = "") -> list:
    if not isinstance(value, dict):
        return [(name, value)]
    return [pair for key, inner in value.items() for pair in flattened(inner, f"{name}.{key}" if name else key)]


# Running and reporting.

def run_section(section: Section, out: Path) -> dict:
    log = out / f"{section.name}.log"
    result = {"name": section.name, "title": section.title, "status": "passed", "seconds": 0.0, "figures": {},
              "commands": [" ".join(str(word) for word in command.argv) for command in section.commands], "log": str(log)}
    if section.skipped:
        return result | {"status": "failed", "error": section.skipped, "log": None}
    start = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        for command, text in zip(section.commands, result["commands"]):
            print(f"  $ {text}", flush=True)
            file.write(f"$ {text}\n")
            error = run_command(command, file, result["figures"])
            if error:
                result |= {"status": "failed", "error": f"{text}: {error}"}
                break
    result["seconds"] = round(time.monotonic() - start, 1)
    return result


def run_command(command: Command, log, figures: Figures) -> str:
    """Empty, or what went wrong. The output goes to the log."""
    try:
        done = subprocess.run([str(word) for word in command.argv], env=os.environ | command.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    except OSError as error:
        return str(error)
    log.write(done.stdout)
    log.flush()
    if done.returncode != 0:
        return f"exit code {done.returncode}"
    if command.figures:
        try:
            figures.update(command.figures(done.stdout))
        except (AssertionError, OSError, ValueError, KeyError, TypeError) as error:
            return str(error) or type(error).__name__
    return ""


def output_of(*argv: str) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def machine() -> dict:
    query = "name,driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit"
    return {"GPU": output_of("nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"),
            "nvcc": output_of("nvcc", "--version").splitlines()[-1:], "system": platform.platform(),
            "processors": os.cpu_count(), "commit": output_of("git", "rev-parse", "HEAD"),
            "changed files": len(output_of("git", "status", "--porcelain").splitlines()),
            "time": time.strftime("%Y-%m-%d %H:%M:%S")}


def as_markdown(report: dict) -> str:
    lines = ["# GPU report", ""]
    if report["dry_run"]:
        lines += ["**A dry run on the emulated device: no figure here says anything about a GPU.**", ""]
    lines += [f"- {name}: {value}" for name, value in report["machine"].items()]
    lines += ["", "| section | result | seconds | log |", "|---|---|---|---|"]
    lines += [f"| {s['title']} | {s['status']} | {s['seconds']} | {s['log'] or ''} |" for s in report["sections"]]
    for section in report["sections"]:
        lines += ["", f"## {section['title']}", ""]
        if "error" in section:
            lines += [f"**Failed:** {section['error']}", ""]
        lines += ["```sh", *section["commands"], "```", ""]
        if section["figures"]:
            lines += ["| figure | value |", "|---|---|"]
            lines += [f"| {name} | {value} |" for name, value in section["figures"].items()]
    return "\n".join(lines) + "\n"


def write_reports(report: dict, out: Path) -> None:
    for name, text in (("gpu_report.json", json.dumps(report, indent=1) + "\n"), ("gpu_report.md", as_markdown(report))):
        temporary = out / f".{name}"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(out / name)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/gpu_suite.sh", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("gpu_report"), help="folder of reports and logs")
    parser.add_argument("--only", action="append", metavar="SECTION", help="this section only; may be repeated")
    parser.add_argument("--list", action="store_true", help="name the sections")
    parser.add_argument("--dry-run", action="store_true", help="small parts, on the emulated device")
    parser.add_argument("--build", type=Path, metavar="DIR", help="the build folder")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    options.out = options.out.absolute()
    sections = Suite(options).sections()
    names = [section.name for section in sections]
    if options.list:
        print("\n".join(names))
        return 0
    if unknown := sorted(set(options.only or []) - set(names)):
        print(f"error: no section is called {', '.join(unknown)}; they are {', '.join(names)}", file=sys.stderr)
        return 2
    if not options.dry_run and not output_of("nvidia-smi", "--list-gpus"):
        print("error: nvidia-smi finds no GPU here. What this does can be tried without one: scripts/gpu_suite.sh --dry-run",
              file=sys.stderr)
        return NO_GPU
    options.out.mkdir(parents=True, exist_ok=True)
    report = {"dry_run": options.dry_run, "machine": machine(), "sections": []}
    for section in sections:
        if options.only and section.name not in options.only:
            continue
        print(f"== {section.title}", flush=True)
        report["sections"].append(run_section(section, options.out))
        write_reports(report, options.out)  # what is there is there, even if the computer goes down
        print(f"  {report['sections'][-1]['status']}", flush=True)
    print(f"The report: {options.out / 'gpu_report.md'}")
    return 1 if any(section["status"] != "passed" for section in report["sections"]) else 0


if __name__ == "__main__":
    sys.exit(main())
