#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the CUDA backend defines every function of cuDNN, cuBLASLt and cuFFT that it calls.

Those libraries are loaded when they are first called (kernels/cuda/loaded_library.cuh); a function that isn't passed on
there would link the program to its library, or not link at all.

    scripts/check_loaded_libraries.py build/cuda/kernels/libkernels.a [ARCHIVE...]
"""

import re
import subprocess
import sys

NAME = re.compile(r"^(cudnn|cublas|cufft)[A-Z]\w*$")


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    lines = subprocess.run(["nm", *sys.argv[1:]], capture_output=True, text=True, check=True).stdout.splitlines()
    symbols = [line.split()[-2:] for line in lines if len(line.split()) >= 2]
    called = {name for kind, name in symbols if kind == "U" and NAME.match(name)}
    defined = {name for kind, name in symbols if kind in "TW" and NAME.match(name)}
    for name in sorted(called - defined):
        print(f"{name} is called, but not passed on by any kernels/cuda/*_loaded_library_cuda.cu", file=sys.stderr)
    if called <= defined:
        print(f"{len(called)} functions of NVIDIA's libraries are called, all through the doors that load them.")
    return 0 if called and called <= defined else 1


if __name__ == "__main__":
    sys.exit(main())
