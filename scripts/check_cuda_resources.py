#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds what every CUDA kernel takes of a multiprocessor against a checked-in table.

    scripts/check_cuda_resources.py [--table FILE] [--update] [--cuobjdump PROGRAM] LIBRARY...

LIBRARY: object files or static libraries compiled by nvcc, e.g. build/cuda/kernels/libkernels.a. For each kernel and
architecture: registers per thread, static shared memory and stack per block, and from them and __launch_bounds__ the
share of a multiprocessor's warps that can be resident (theoretical occupancy; dynamic shared memory isn't known here).
Without __launch_bounds__, blocks of 256 threads are taken. The check fails where a kernel spills, is missing from the
table or the code, or takes more registers or shared memory, or reaches a lower occupancy, than the table says.
--update writes the table anew.
Exit codes: 0 all is well; 1 differences, listed; 2 wrong arguments; 4 cuobjdump isn't there.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).resolve().parent.parent / "tests" / "cuda_resources.json"
MINIMUM_OF_CUOBJDUMP = "part of the CUDA toolkit, or the Python package nvidia-cuda-cuobjdump"

# CUDA programming guide, "Technical specifications per compute capability".
REGISTERS = 65536
REGISTERS_PER_STEP = 256  # registers of a warp are handed out in steps
WARPS = 64
BLOCKS = 32
SHARED_BYTES = {80: 164 * 1024, 90: 228 * 1024, 100: 228 * 1024}
SHARED_BYTES_RESERVED = 1024  # per block
WARPS_PER_QUARTER = 4
DEFAULT_THREADS = 256


class Kernel(NamedTuple):
    registers: int
    shared_bytes: int
    stack_bytes: int
    threads: int  # of __launch_bounds__, or 256

    def occupancy(self, architecture: int) -> float:
        warps = -(-self.threads // 32)
        registers_per_warp = -(-self.registers * 32 // REGISTERS_PER_STEP) * REGISTERS_PER_STEP
        warps_by_registers = REGISTERS // registers_per_warp // WARPS_PER_QUARTER * WARPS_PER_QUARTER
        # The compiler counts the reserved bytes in on compute capability 9.0 and later.
        shared = self.shared_bytes if architecture >= 90 and self.shared_bytes else \
            self.shared_bytes + SHARED_BYTES_RESERVED
        blocks = min(warps_by_registers // warps, WARPS // warps, BLOCKS, SHARED_BYTES[architecture] // shared)
        return blocks * warps / WARPS


def run(program: str, *arguments: str) -> str:
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def thread_limits(cuobjdump: str, library: str) -> dict[tuple[int, str], int]:
    limits = {}
    architecture, function = 0, ""
    expects_value = False
    for line in run(cuobjdump, "-elf", library).splitlines():
        if match := re.match(r"arch = sm_(\d+)", line):
            architecture = int(match[1])
        elif match := re.match(r"\.nv\.info\.(\S+)", line):
            function = match[1]
        elif "EIATTR_MAX_THREADS" in line:
            expects_value = True
        elif expects_value and (match := re.search(r"Value:\s*(0x\w+) (0x\w+) (0x\w+)", line)):
            limits[architecture, function] = int(match[1], 16) * int(match[2], 16) * int(match[3], 16)
            expects_value = False
    return limits


def kernels_of(cuobjdump: str, library: str) -> dict[tuple[int, str], Kernel]:
    limits = thread_limits(cuobjdump, library)
    found = {}
    architecture, function = 0, ""
    for line in run(cuobjdump, "--dump-resource-usage", library).splitlines():
        if match := re.match(r"arch = sm_(\d+)", line):
            architecture = int(match[1])
        elif match := re.match(r"\s*Function (\S+):", line):
            function = match[1]
        elif match := re.match(r"\s*REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)", line):
            if not function:
                continue
            found[architecture, function] = Kernel(
                registers=int(match[1]), shared_bytes=int(match[3]), stack_bytes=int(match[2]) + int(match[4]),
                threads=limits.get((architecture, function), DEFAULT_THREADS))
            function = ""
    return found


def readable(names: list[str]) -> list[str]:
    if not names:
        return []
    text = subprocess.run(["c++filt"], input="\n".join(names), check=True, capture_output=True, text=True).stdout
    # The parameters say nothing here; kernels of anonymous namespaces are told apart by their files.
    short = []
    for mangled, name in zip(names, text.splitlines()):
        file = re.search(r"_GLOBAL__N__[0-9a-f]+_\d+_(\w+?)_cuda_cu_", mangled)
        kernel = re.sub(r"^void |kickdrum::cuda::|\(anonymous namespace\)::|_GLOBAL__N__\w+::", "",
                        without_parameters(name))
        short.append(f"{file[1]}: {kernel}" if file else kernel)
    return short


def without_parameters(name: str) -> str:
    """What stands before the last pair of parentheses: those inside template arguments belong to the name."""
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += (name[at] == ")") - (name[at] == "(")
        if name[at] == "(" and depth == 0:
            return name[:at]
    return name


def collect(cuobjdump: str, libraries: list[str]) -> dict[str, dict[str, dict]]:
    table: dict[str, dict[str, dict]] = {}
    for library in libraries:
        found = kernels_of(cuobjdump, library)
        for (architecture, _), name, kernel in zip(found, readable([key[1] for key in found]), found.values()):
            if architecture not in SHARED_BYTES:
                continue
            row = kernel._asdict()
            row["occupancy"] = round(kernel.occupancy(architecture), 3)
            table.setdefault(name, {})[f"sm_{architecture}"] = row
    return {name: dict(sorted(table[name].items())) for name in sorted(table)}


def as_text(table: dict) -> str:
    """JSON with one line per kernel and architecture, so that a change shows as one line."""
    names = []
    for name, rows in table.items():
        lines = ",\n".join(f"  {json.dumps(architecture)}: {json.dumps(row)}" for architecture, row in rows.items())
        names.append(f" {json.dumps(name)}: {{\n{lines}\n }}")
    return "{\n" + ",\n".join(names) + "\n}\n"


def differences(expected: dict, actual: dict) -> list[str]:
    lines = []
    for name in sorted(expected.keys() | actual.keys()):
        if name not in actual:
            lines.append(f"{name}: in the table, but not in the code")
            continue
        if name not in expected:
            lines.append(f"{name}: in the code, but not in the table")
        for architecture, now in actual[name].items():
            where = f"{name} on {architecture}"
            if now["stack_bytes"]:
                lines.append(f"{where}: {now['stack_bytes']} bytes of stack or spilled registers")
            then = expected.get(name, {}).get(architecture)
            if then is None:
                continue
            for what in ("registers", "shared_bytes"):
                if now[what] > then[what]:
                    lines.append(f"{where}: {what} {then[what]} -> {now[what]}")
            if now["occupancy"] < then["occupancy"]:
                lines.append(f"{where}: occupancy {then['occupancy']:.1%} -> {now['occupancy']:.1%}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("libraries", nargs="+", metavar="LIBRARY")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--update", action="store_true", help="write the table anew")
    parser.add_argument("--cuobjdump", default="cuobjdump")
    options = parser.parse_args()
    cuobjdump = shutil.which(options.cuobjdump)
    if cuobjdump is None:
        print(f"error: {options.cuobjdump} wasn't found; it is {MINIMUM_OF_CUOBJDUMP}", file=sys.stderr)
        return 4
    actual = collect(cuobjdump, options.libraries)
    if options.update:
        options.table.write_text(as_text(actual), encoding="utf-8")
        print(f"{len(actual)} kernels written to {options.table}")
        return 0
    found = differences(json.loads(options.table.read_text(encoding="utf-8")), actual)
    for line in found:
        print(line)
    print(f"{len(actual)} kernels, {len(found)} differences")
    if found:
        print("If they are meant: scripts/check_cuda_resources.py --update LIBRARY..., and say why in the commit")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
