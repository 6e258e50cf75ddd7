# SPDX-License-Identifier: MIT
"""What compare_pytorch.py and compare_keras.py share: the network's weights and clips as files that our side reads,
processes that alternate, and the table at the end."""

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
CLASSES = 5
FILTERS = (32, 64, 128)
HIDDEN = 256

# glibc gives large blocks back to the kernel at once and gets them zeroed again, page by page, in the next step. Told to
# keep them, and to ask for huge pages, it costs PyTorch far less.
KEEPING_MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


# Training magnifies rounding: after 8 steps from the same weights, PyTorch in double precision is up to 5e-4 of the first
# loss away from PyTorch in single precision.
LOSS_TOLERANCE = 1e-3

# A machine may have these set for other programs' sake; the peers' OpenBLAS is to choose its kernels by itself.
UNSET_FOR_PEERS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def add_common_options(parser: argparse.ArgumentParser, package: str) -> None:
    parser.add_argument("--program", type=Path, default=REPOSITORY / "build/cpu-bench/benchmarks/kickdrum_bench_step",
                        help="our side (default: %(default)s)")
    parser.add_argument("--python", type=Path, default=Path(sys.executable),
                        help=f"an interpreter that has {package} (default: this one)")
    parser.add_argument("--create-venv", type=Path, metavar="DIR",
                        help=f"create a virtual environment in DIR, install {package} there, and use it as --python")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: %(default)s")
    parser.add_argument("--batch", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--size", type=int, default=128, help="height and width of a clip (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measured times there too")
    parser.add_argument("--worker", help=argparse.SUPPRESS)


def prepare(options: argparse.Namespace, packages: list[str], target: str = "kickdrum_bench_step") -> None:
    """Creates the virtual environment where asked to, and checks that both sides are there."""
    if options.create_venv:
        python = options.create_venv / "bin/python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", options.create_venv], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        options.python = python
    if not options.program.exists():
        sys.exit(f"error: {options.program} is missing; build it with\n"
                 f"    cmake --preset cpu-bench && cmake --build --preset cpu-bench --target {target}")
    imports = "; ".join(f"import {name}" for name in packages)
    if subprocess.run([options.python, "-c", imports], capture_output=True, check=False).returncode != 0:
        sys.exit(f"error: {options.python} lacks {' or '.join(packages)}; install them in a virtual environment of their "
                 "own, or let --create-venv DIR do it")


class Setting(NamedTuple):
    """Clips, labels and initial weights, in Keras' layouts: NHWC, HWIO, [in, out]."""

    inputs: "numpy.ndarray"
    labels: "numpy.ndarray"
    class_weights: "numpy.ndarray"
    weights: dict

    def save(self, folder: Path) -> None:
        import numpy as np

        self.inputs.astype("<f4").tofile(folder / "inputs.f32")
        _, height, width, _ = self.inputs.shape
        (folder / "setting.json").write_text(json.dumps({
            "labels": self.labels.tolist(), "class_weights": self.class_weights.tolist(),
            "height": height, "width": width}))
        np.savez(folder / "weights.npz", **{name.replace("/", "."): value for name, value in self.weights.items()})
        write_safetensors(folder / "weights.safetensors", self.weights)

    @staticmethod
    def load(folder: Path) -> "Setting":
        import numpy as np

        setting = json.loads((folder / "setting.json").read_text())
        inputs = np.fromfile(folder / "inputs.f32", "<f4").reshape(-1, setting["height"], setting["width"], 1)
        with np.load(folder / "weights.npz") as file:
            weights = {name.replace(".", "/"): file[name] for name in file.files}
        return Setting(inputs, np.array(setting["labels"]), np.array(setting["class_weights"], np.float32), weights)


def write_safetensors(path: Path, tensors: dict) -> None:
    header, offset = {}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + 4 * value.size]}
        offset += 4 * value.size
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(value.astype("<f4").tobytes())


def make_setting(clips: int, size: int, seed: int = 1) -> Setting:
    """Noise with a stripe whose place depends on the class, so that there is something to learn."""
    import numpy as np

    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, clips)
    inputs = random.random((clips, size, size, 1), dtype=np.float32) * 0.5
    for clip, label in enumerate(labels):
        first = size * int(label) // CLASSES
        inputs[clip, first:first + size // 10] += 0.5

    def glorot(*shape: int):
        receptive = int(np.prod(shape[:-2]))
        limit = np.sqrt(6 / (receptive * (shape[-2] + shape[-1])))
        return random.uniform(-limit, limit, shape).astype(np.float32)

    weights, channels = {}, 1
    for number, filters in enumerate(FILTERS, 1):
        weights[f"conv2d_{number}/kernel"] = glorot(3, 3, channels, filters)
        weights[f"conv2d_{number}/bias"] = np.zeros(filters, np.float32)
        channels = filters
    for number, units in enumerate((HIDDEN, CLASSES), 1):
        inputs_of_layer = channels * (size // 8) ** 2 if number == 1 else HIDDEN
        weights[f"dense_{number}/kernel"] = glorot(inputs_of_layer, units)
        weights[f"dense_{number}/bias"] = np.zeros(units, np.float32)
    counts = np.bincount(labels, minlength=CLASSES)
    class_weights = (clips / (CLASSES * np.maximum(counts, 1))).astype(np.float32)
    return Setting(inputs, labels, class_weights, weights)


def save_setting(options: argparse.Namespace, folder: Path, clips: int) -> None:
    """numpy may only be there beside the peer, so its interpreter makes the files."""
    run_json([options.python, __file__, folder, str(clips), str(options.size)])


def run_json(command: list, environment: dict | None = None) -> dict:
    """Runs a process and reads the last line that it prints."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET_FOR_PEERS}
    done = subprocess.run([str(part) for part in command], env=inherited | (environment or {}),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(str(part) for part in command)} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Candidate(NamedTuple):
    name: str
    command: list
    environment: dict
    key: str  # of the times in what it prints


def measure(candidates: list[Candidate], rounds: int) -> dict[str, list[float]]:
    """All times of each candidate, its processes alternating with the others'."""
    times = {candidate.name: [] for candidate in candidates}
    for number in range(1, rounds + 1):
        for candidate in candidates:
            result = run_json(candidate.command, candidate.environment)
            times[candidate.name] += result[candidate.key]
            print(f"round {number}/{rounds}  {candidate.name}: {min(result[candidate.key]):.0f} ms", file=sys.stderr)
    return times


def check_losses(ours: list[float], theirs: list[float], tolerance: float) -> bool:
    """Differences count against the first loss: a loss near 0 magnifies rounding that training itself doesn't feel."""
    worst = max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / abs(theirs[0])
    print(f"losses over {len(ours)} steps without dropout, from the same weights: ours {ours[0]:.6f} ... {ours[-1]:.6f}, "
          f"theirs {theirs[0]:.6f} ... {theirs[-1]:.6f}")
    print(f"largest difference {worst:.1e} of the first loss, "
          f"{'within' if worst <= tolerance else 'BEYOND'} the tolerance of {tolerance:.0e}")
    return worst <= tolerance


def print_table(times: dict[str, list[float]], unit: str, digits: int = 1) -> None:
    """The first candidate is ours; the ratio says how many times faster than each of the others it is."""
    ours = next(iter(times))
    width = max(len(name) for name in [unit, *times])
    print(f"\n{unit:<{width}}  {'best ms':>9}  {'median ms':>9}  {'ratio best':>10}  {'ratio median':>12}")
    for name, values in times.items():
        ratios = (min(values) / min(times[ours]), statistics.median(values) / statistics.median(times[ours]))
        print(f"{name:<{width}}  {min(values):>9.{digits}f}  {statistics.median(values):>9.{digits}f}  {ratios[0]:>10.2f}  "
              f"{ratios[1]:>12.2f}")


def describe_machine(threads: int) -> str:
    model, flags = "unknown processor", ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            model = value.strip()
        if name.strip() == "flags":
            flags = value
    simd = "AVX-512" if " avx512f" in flags else "AVX2" if " avx2" in flags else "no AVX2"
    return f"{model}, {os.cpu_count()} processors, {simd}; {threads} threads"


def work_folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="kickdrum-peers-")


if __name__ == "__main__":
    make_setting(int(sys.argv[2]), int(sys.argv[3])).save(Path(sys.argv[1]))
    print("{}")
