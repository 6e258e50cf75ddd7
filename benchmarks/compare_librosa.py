#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times log-mel spectrograms of audio files in Kickdrum and in librosa, on one core of the same machine.

    cmake --preset cpu-bench && cmake --build --preset cpu-bench --target kickdrum_bench_features
    benchmarks/compare_librosa.py --create-venv build/peers-librosa [--audio FOLDER]

First it checks that both give the same decibels for every file; then processes of both alternate for some rounds. A clip
is: decode, mean over channels, resample to 22050 Hz (soxr, HQ), melspectrogram (window 1024, hop 512, 128 bands from 20 to
11000 Hz), power_to_db with the clip's maximum as reference. Every file is read once before it counts. Without --audio the
clips are synthetic: 8 seconds, 48 kHz, mono, MP3. librosa runs as it comes, and with a malloc that keeps its memory as
ours does; both sides decode by libsndfile and resample by libsoxr, so that there is little to gain on the way from the
file to the samples.

The check computes librosa's side in double precision from the samples that librosa loads: in single precision it rounds
the quietest points by more than the tolerance itself.

Exit code 0; 1 where the decibels differ by more than the tolerance.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import peers

SAMPLE_RATE = 22050
MEL = {"n_fft": 1024, "hop_length": 512, "n_mels": 128, "fmin": 20, "fmax": 11000}
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
LIBROSA = {"librosa, as installed": {}, "librosa, malloc kept": peers.KEEPING_MALLOC}
STAGES = {"clip_ms": "file to decibels", "log_mel_ms": "samples to decibels"}


def decibels(samples):
    import librosa
    import numpy as np

    power = librosa.feature.melspectrogram(y=samples, sr=SAMPLE_RATE, **MEL)
    return librosa.power_to_db(power, ref=np.max, amin=1e-10, top_db=80)


def worker_synthetic(folder: str, count: int) -> dict:
    """A kick drum at a tempo of its own in each file, a bass between the beats, and noise."""
    import numpy as np
    import soundfile

    rate, random, files = 48000, np.random.default_rng(1), []
    t = np.arange(8 * rate) / rate
    for number in range(count):
        beat = np.mod(t, 60 / random.uniform(140, 170))
        kick = np.exp(-10 * beat) * np.sin(250 * np.exp(-8 * beat))
        bass = np.minimum(8 * beat, 1) * np.sign(np.sin(2 * np.pi * random.uniform(40, 90) * t))
        samples = 0.6 * kick + 0.15 * bass + random.uniform(0.01, 0.1) * random.standard_normal(len(t))
        files.append(str(Path(folder) / f"{number}.mp3"))
        soundfile.write(files[-1], samples / np.abs(samples).max() * 0.9, rate, format="MP3")
    return {"files": files}


def worker_check(files: list[str], folder: str, tolerance: float) -> dict:
    import librosa
    import numpy as np

    worst, beyond, points = 0.0, 0, 0
    for number, file in enumerate(files):
        ours = np.fromfile(Path(folder) / f"{number}.f32", "<f4").astype(np.float64)
        samples, _ = librosa.load(file, sr=SAMPLE_RATE)
        theirs = decibels(samples.astype(np.float64)).ravel()
        if ours.shape != theirs.shape:
            return {"error": f"{file}: {ours.size} numbers, librosa has {theirs.size}"}
        difference = np.abs(ours - theirs)
        worst = max(worst, float(difference.max()))
        beyond += int((difference > tolerance).sum())
        points += difference.size
    return {"worst": worst, "beyond": beyond, "points": points, "version": librosa.__version__}


def worker_times(files: list[str], passes: int) -> dict:
    import librosa

    times = {"clip_ms": [], "log_mel_ms": []}
    for count in range(passes + 1):
        for file in files if count > 0 else files[:1]:
            start = time.perf_counter()
            samples, _ = librosa.load(file, sr=SAMPLE_RATE)
            loaded = time.perf_counter()
            decibels(samples)
            end = time.perf_counter()
            if count > 0:
                times["clip_ms"].append((end - start) * 1e3)
                times["log_mel_ms"].append((end - loaded) * 1e3)
    return times


WORKERS = {"synthetic": worker_synthetic, "check": worker_check, "times": worker_times}


def run_worker(options: argparse.Namespace, job: str, environment: dict | None = None, **arguments) -> dict:
    command = [options.python, __file__, "--worker", json.dumps({"job": job, "arguments": arguments})]
    return peers.run_json(command, ONE_THREAD | (environment or {}))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path,
                        default=peers.REPOSITORY / "build/cpu-bench/benchmarks/kickdrum_bench_features",
                        help="our side (default: %(default)s)")
    parser.add_argument("--python", type=Path, default=Path(sys.executable),
                        help="an interpreter that has librosa and soundfile (default: this one)")
    parser.add_argument("--create-venv", type=Path, metavar="DIR",
                        help="create a virtual environment in DIR, install librosa there, and use it as --python")
    parser.add_argument("--audio", type=Path, metavar="FOLDER", help="take the clips from here")
    parser.add_argument("--clips", type=int, default=40, help="at most so many (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=4, help="processes of each side (default: %(default)s)")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="of the decibels (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measured times there too")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def clips_of(options: argparse.Namespace, folder: str) -> list[str]:
    if not options.audio:
        return run_worker(options, "synthetic", folder=folder, count=min(options.clips, 12))["files"]
    files = sorted(str(path) for path in options.audio.rglob("*") if path.suffix in (".mp3", ".wav", ".flac", ".ogg"))
    if not files:
        sys.exit(f"error: {options.audio} holds no .mp3, .wav, .flac or .ogg file")
    step = max(1, len(files) // options.clips)
    return files[::step][:options.clips]


def check(options: argparse.Namespace, files: list[str], folder: str) -> bool:
    simd = peers.run_json([options.program, *files, "--write", folder])["simd"]
    result = run_worker(options, "check", files=files, folder=folder, tolerance=options.tolerance)
    if "error" in result:
        sys.exit(f"error: {result['error']}")
    print(f"librosa {result['version']}; {peers.describe_machine(1)}, ours with {simd}")
    print(f"{len(files)} clips, {'of ' + str(options.audio) if options.audio else 'synthetic'}")
    print(f"largest difference {result['worst']:.1e} dB; {result['beyond']} of {result['points']} points differ by more "
          f"than {options.tolerance:.0e}")
    return result["beyond"] == 0


def measure(options: argparse.Namespace, files: list[str]) -> dict:
    """{stage: {side: [ms per clip, one mean per round]}}"""
    sides = {"Kickdrum": lambda: peers.run_json([options.program, *files])}
    for name, environment in LIBROSA.items():
        sides[name] = lambda environment=environment: run_worker(options, "times", environment, files=files, passes=1)
    times = {stage: {side: [] for side in sides} for stage in STAGES}
    for number in range(1, options.rounds + 1):
        results = {side: run() for side, run in sides.items()}
        for stage in STAGES:
            for side, result in results.items():
                times[stage][side].append(statistics.mean(result[stage]))
        print(f"round {number}/{options.rounds}  " + "  ".join(
            f"{side}: {times['clip_ms'][side][-1]:.2f} ms" for side in results), file=sys.stderr)
    return times


def main() -> int:
    options = parse_options()
    if options.worker:
        job = json.loads(options.worker)
        print(json.dumps(WORKERS[job["job"]](**job["arguments"])))
        return 0
    peers.prepare(options, ["librosa", "soundfile"], "kickdrum_bench_features")
    # Both sides on the same core, with every thread that a library may start.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with peers.work_folder() as folder:
        files = clips_of(options, folder)
        same = check(options, files, folder)
        times = measure(options, files)
    for stage, name in STAGES.items():
        peers.print_table(times[stage], name, digits=3)
    if options.json:
        options.json.write_text(json.dumps({"decibels_agree": same, "times": times}, indent=2) + "\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
