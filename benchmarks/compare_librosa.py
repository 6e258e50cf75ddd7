#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the features of audio files in Kickdrum, librosa and torchaudio, on one core of the same machine.

    cmake --preset cpu-bench && cmake --build --preset cpu-bench --target kickdrum_bench_features
    benchmarks/compare_librosa.py --create-venv build/peers-librosa [--audio FOLDER]

First it checks that Kickdrum and librosa give the same decibels for every file; then processes of all sides alternate for
some rounds. What a clip goes through, each stage timed by itself:
  decode     the file to samples of one channel
  resample   to 22050 Hz (soxr, HQ)
  log_mel    melspectrogram (window 1024, hop 512, 128 bands from 20 to 11000 Hz), dB below the clip's maximum
  stft       power spectrogram: window 2048, hop 512
  mfcc       20 coefficients, librosa's defaults
  chroma     chroma_stft, with its tuning
  published  the 13 features of 'kickdrum features': means of chroma, rms, centroid, bandwidth, roll-off, zero crossings, mfcc
  standard   its 178 features
All but the first two begin with the samples. Every file is read once before it counts. Without --audio the clips are
synthetic: 8 seconds, 48 kHz, mono, MP3. librosa runs as it comes, and with a malloc that keeps its memory as ours does;
torchaudio takes part where the interpreter has it (pip install torch torchaudio), in what it does of this.

The check computes librosa's side in double precision from the samples that librosa loads: in single precision it rounds
the quietest points by more than the tolerance itself.

Exit code 0; 1 where the decibels differ by more than the tolerance.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
import warnings
from pathlib import Path

import peers

SAMPLE_RATE = 22050
MEL = {"n_fft": 1024, "hop_length": 512, "n_mels": 128, "fmin": 20, "fmax": 11000}
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
LIBROSA = {"librosa, as installed": {}, "librosa, malloc kept": peers.KEEPING_MALLOC}
STAGES = ("decode", "resample", "log_mel", "stft", "mfcc", "chroma", "published", "standard")
FILE_TO_DB = ("decode", "resample", "log_mel")
FILE_TO_TABLE = ("decode", "resample", "published")


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


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_stages(files: list[str], passes: int, load, stages: dict) -> dict:
    """load(file, times) gives the samples at SAMPLE_RATE; a stage takes them. Milliseconds of each clip."""
    times = {}
    for count in range(passes + 1):
        for file in files if count > 0 else files[:1]:
            clip = {}
            samples = load(file, clip)
            for name, stage in stages.items():
                start = time.perf_counter()
                stage(samples)
                clip[name] = time.perf_counter() - start
            for name, seconds in clip.items() if count > 0 else ():
                times.setdefault(name, []).append(seconds * 1e3)
    return {"times": times, "peak_mb": peak_mb()}


def worker_times(files: list[str], passes: int) -> dict:
    import librosa
    import numpy as np

    sys.path.insert(0, str(peers.REPOSITORY / "scripts"))
    import make_feature_reference as features  # the sets as a person would write them with librosa

    warnings.filterwarnings("ignore")

    def load(file, times):
        start = time.perf_counter()
        samples, rate = librosa.load(file, sr=None)
        decoded = time.perf_counter()
        samples = librosa.resample(samples, orig_sr=rate, target_sr=SAMPLE_RATE)
        times["decode"], times["resample"] = decoded - start, time.perf_counter() - decoded
        return samples

    return run_stages(files, passes, load, {
        "log_mel": decibels,
        "stft": lambda y: np.abs(librosa.stft(y)) ** 2,
        "mfcc": lambda y: librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20),
        "chroma": lambda y: librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE),
        "published": features.published,
        "standard": features.standard,
    })


def worker_torchaudio(files: list[str], passes: int) -> dict:
    import soundfile
    import torch
    import torchaudio

    torch.set_num_threads(1)
    mel = MEL | {"f_min": MEL["fmin"], "f_max": MEL["fmax"], "sample_rate": SAMPLE_RATE, "norm": "slaney",
                 "mel_scale": "slaney", "pad_mode": "constant"}
    del mel["fmin"], mel["fmax"]
    log_mel = torch.nn.Sequential(torchaudio.transforms.MelSpectrogram(**mel),
                                  torchaudio.transforms.AmplitudeToDB("power", 80))
    resample = {}

    def load(file, times):
        samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
        samples = torch.from_numpy(samples).mean(dim=1)
        to_rate = resample.setdefault(rate, torchaudio.transforms.Resample(rate, SAMPLE_RATE))
        start = time.perf_counter()
        samples = to_rate(samples)
        times["resample"] = time.perf_counter() - start
        return samples

    frames = {"n_fft": 2048, "hop_length": 512, "pad_mode": "constant"}
    with torch.inference_mode():
        return run_stages(files, passes, load, {
            "log_mel": log_mel,
            "stft": torchaudio.transforms.Spectrogram(power=2, **frames),
            "mfcc": torchaudio.transforms.MFCC(SAMPLE_RATE, n_mfcc=20, log_mels=False, melkwargs=frames | {
                "n_mels": 128, "norm": "slaney", "mel_scale": "slaney"}),
        })


def worker_seconds(files: list[str]) -> dict:
    import soundfile

    return {"mean": statistics.mean(soundfile.info(file).duration for file in files)}


def worker_has_torchaudio() -> dict:
    try:
        import torchaudio  # noqa: F401
    except (ImportError, OSError, RuntimeError):  # not there, or for another version of torch
        return {"there": False}
    return {"there": True}


WORKERS = {"synthetic": worker_synthetic, "check": worker_check, "times": worker_times,
           "torchaudio": worker_torchaudio, "seconds": worker_seconds, "has_torchaudio": worker_has_torchaudio}


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


def measure(options: argparse.Namespace, files: list[str]) -> tuple[dict, dict]:
    """{side: {stage: [ms per clip, the median of each round]}}, {side: most memory in MB}"""
    sides = {"Kickdrum": lambda: peers.run_json([options.program, *files])}
    for name, environment in LIBROSA.items():
        sides[name] = lambda environment=environment: run_worker(options, "times", environment, files=files, passes=1)
    if run_worker(options, "has_torchaudio")["there"]:
        sides["torchaudio"] = lambda: run_worker(options, "torchaudio", files=files, passes=1)
    times = {side: {} for side in sides}
    memory = dict.fromkeys(sides, 0.0)
    for number in range(1, options.rounds + 1):
        for side, run in sides.items():
            result = run()
            medians = {stage: statistics.median(values) for stage, values in result["times"].items()}
            for name, stages in (("file to dB", FILE_TO_DB), ("file to 13", FILE_TO_TABLE)):
                if all(stage in medians for stage in stages):
                    medians[name] = sum(medians[stage] for stage in stages)
            for stage, median in medians.items():
                times[side].setdefault(stage, []).append(median)
            memory[side] = max(memory[side], result["peak_mb"])
            print(f"round {number}/{options.rounds}  {side}", file=sys.stderr)
    return times, memory


def print_stages(times: dict, memory: dict, seconds: float) -> None:
    """A row per stage: our best round, how many seconds of sound it does in a second, and how many times faster it is
    than the best round of each other side."""
    ours, *others = times
    widths = [max(10, len(side)) for side in others]
    print(f"\n{'one core':<10}  {'ms a clip':>9}  {'x real time':>11}  " +
          "  ".join(f"{side:>{width}}" for side, width in zip(others, widths)))
    for stage in (*STAGES, "file to dB", "file to 13"):
        best = min(times[ours][stage])
        ratios = [f"{min(times[side][stage]) / best:.1f} x" if stage in times[side] else "-" for side in others]
        print(f"{stage:<10}  {best:>9.3f}  {seconds * 1e3 / best:>11.0f}  " +
              "  ".join(f"{ratio:>{width}}" for ratio, width in zip(ratios, widths)))
    print(f"{'memory':<10}  {memory[ours]:>6.0f} MB  {'':>11}  " +
          "  ".join(f"{memory[side]:>{width - 3}.0f} MB" for side, width in zip(others, widths)))


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
        seconds = run_worker(options, "seconds", files=files)["mean"]
        times, memory = measure(options, files)
    print_stages(times, memory, seconds)
    if options.json:
        options.json.write_text(json.dumps({"decibels_agree": same, "times": times, "peak_mb": memory}, indent=2) + "\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
