#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds everything and runs all tests; without arguments those of the CUDA backend too, on
# an emulated device (scripts/test_cuda.sh).
#
#   scripts/test.sh [PRESET] [CTEST OPTION...]      PRESET: cpu (default), cpu-asan or cpu-tsan
#   scripts/test.sh cpu-asan -R Conv2d
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=cpu
arguments=$#
if (($# > 0)) && [[ "$1" != -* ]]; then
    preset=$1
    shift
fi
case "$preset" in
    cpu | cpu-asan | cpu-tsan) ;;
    *)
        echo "error: unknown preset '$preset'; the presets are cpu, cpu-asan and cpu-tsan" >&2
        exit 2
        ;;
esac

echo "This installs missing Debian packages, builds the preset '$preset' in build/$preset and runs all tests."
scripts/install_dependencies.sh build baselines test

# The thread sanitizer of GCC 12 can't place its shadow memory where the kernel randomises addresses by more than
# 28 bits; without randomisation it always can. The build runs the test programs too, to list their tests.
launcher=()
if [[ "$preset" == cpu-tsan ]] && setarch "$(uname -m)" -R true 2>/dev/null; then
    launcher=(setarch "$(uname -m)" -R)
fi

jobs=$(nproc)
cmake --preset "$preset" -DKICKDRUM_BUILD_TESTS=ON
"${launcher[@]}" cmake --build --preset "$preset" --parallel "$jobs"
"${launcher[@]}" ctest --preset "$preset" --parallel "$jobs" --no-tests=error "$@"
if ((arguments == 0)); then scripts/test_cuda.sh; fi
