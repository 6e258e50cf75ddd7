#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills kickdrum at random moments, resumes it each time, and compares the end with a run that was never stopped.

    scripts/test_resume.py [--program build/cpu/kickdrum] [--kills 50] [--seed 1] [EXPERIMENT.yaml|STUDY.yaml OPTIONS...]

Default: the demo data set, five runs, two at a time. The moments are spread evenly over the time that the whole takes,
so that they also meet the features, the evaluation and the report. What must be equal: SHA-256 of the weights,
histories without seconds, predictions, metrics without seconds, summary.json, the splits.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def bits(results: pathlib.Path) -> dict:
    found = {}
    for file in sorted(results.rglob("*")):
        name = str(file.relative_to(results))
        if file.name == "history.csv":
            lines = [line.rsplit(",", 1)[0] for line in file.read_text().splitlines()]
            content = "\n".join(lines).encode()
        elif file.name == "metrics.json":
            metrics = json.loads(file.read_text())
            del metrics["seconds"]
            content = json.dumps(metrics).encode()
        elif file.name == "summary.json":
            content = file.read_bytes().replace(str(results).encode(), b"")  # a study's names its folders
        elif file.suffix == ".safetensors" or file.name.startswith(("predictions_", "split", "summary")):
            content = file.read_bytes()
        else:
            continue
        found[name] = hashlib.sha256(content).hexdigest()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/cpu/kickdrum")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments, words = parser.parse_known_args()
    program = os.path.abspath(arguments.program)
    chance = random.Random(arguments.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kickdrum-resume-"))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        if not words:
            subprocess.run([program, "demo-data", folder / "demo", "--tracks", "8"], check=True, **quiet)
            words = [str(folder / "demo/experiment.yaml"), "--set", "runs=5", "--set", "parallel_runs=2",
                     "--set", "training.epochs=12"]
        run = [program, "run", *words, "--out"]
        begin = time.monotonic()
        subprocess.run([*run, folder / "whole", "--cache", folder / "cache-1"], check=True, **quiet)
        seconds = time.monotonic() - begin
        expected = bits(folder / "whole")
        print(f"without a stop: {seconds:.1f} s, {len(expected)} files")

        killed = rounds = 0
        while killed < arguments.kills:
            rounds += 1
            out = folder / f"round-{rounds}"
            cache = folder / f"cache-{rounds + 1}"
            command = [*run, out, "--cache", cache]
            while True:
                call = subprocess.Popen(command, **quiet)
                # Mostly early in what is left, so that one round takes many.
                try:
                    code = call.wait(timeout=chance.uniform(0, seconds / 5))
                except subprocess.TimeoutExpired:
                    call.send_signal(signal.SIGKILL)
                    code = call.wait()
                    killed += 1
                if code == 0:
                    break
                if code != -signal.SIGKILL:
                    print(f"round {rounds}: exit code {code} of {command}", file=sys.stderr)
                    return 1
                if (out / "resolved.yaml").exists() or (out / "study.json").exists():
                    command = [program, "resume", out, "--cache", cache]
                else:
                    command = [*run, out, "--cache", cache, "--force"]
            found = bits(out)
            wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
            print(f"round {rounds}: {killed} kills so far, {len(wrong)} files differ", flush=True)
            if wrong:
                print("\n".join(wrong), file=sys.stderr)
                return 1
            shutil.rmtree(out)
            shutil.rmtree(cache, ignore_errors=True)
        print(f"{killed} kills in {rounds} rounds: the same bits every time")
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
