#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests the CUDA backend without a GPU: compiles it for every architecture with warnings as errors, runs it on the
# emulated device, and checks what needs NVIDIA's compiler and libraries but no device. See docs/cuda.md.
#
#   scripts/test_cuda.sh [SEED...]      SEED: orders in which the emulated device runs threads (default: 1 2 3)
#
# Where the CUDA toolkit isn't there, it says SKIPPED and succeeds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seeds=("$@")
if ((${#seeds[@]} == 0)); then seeds=(1 2 3); fi

toolkit=${CUDA_PATH:-/usr/local/cuda}
if ! command -v nvcc >/dev/null && [[ ! -x "$toolkit/bin/nvcc" ]]; then
    echo "SKIPPED: the CUDA backend. It is tested where the CUDA toolkit 13 with cuDNN 9 is installed (a GPU isn't needed)."
    exit 0
fi
scripts/install_dependencies.sh build test benchmark
jobs=$(nproc)

echo "== The emulated device"
cmake --preset cuda-emulated -DKICKDRUM_BUILD_TESTS=ON -DKICKDRUM_BUILD_BENCHMARKS=ON
cmake --build --preset cuda-emulated --parallel "$jobs" --target device_tests
ctest --preset cuda-emulated --parallel "$jobs" --no-tests=error -L '^cuda_(emulation|faults|suite)$'
for seed in "${seeds[@]}"; do
    KICKDRUM_EMULATION_SEED=$seed ctest --preset cuda-emulated --parallel "$jobs" --no-tests=error -R '/cuda( |$)|^Device(Runs|Features)\.'
done

echo "== Planted mistakes: one of each kind"
scripts/mutate_cuda.py --one-of-each --fresh --jobs "$jobs" --presets cuda-emulated --output build/mutation-sample \
    --only 'dsp/cuda/mel_power_chain_cuda|device/context_cuda' --programs kernels_tests dsp_tests \
    --tests '*ClipBatch*/cuda:*Transfer*/cuda'

echo "== nvcc, every architecture"
cmake --preset cuda -DKICKDRUM_BUILD_TESTS=ON
cmake --build --preset cuda --parallel "$jobs" --target device_code

echo "== The doors to NVIDIA's libraries"
python3 scripts/check_loaded_libraries.py build/cuda/kernels/libkernels.a build/cuda/dsp/libdsp.a

echo "== Registers, shared memory and occupancy"
cuobjdump=$(command -v cuobjdump || true)
if [[ -z "$cuobjdump" && -x "$toolkit/bin/cuobjdump" ]]; then cuobjdump=$toolkit/bin/cuobjdump; fi
if [[ -z "$cuobjdump" ]]; then
    tools=build/cuda-tools
    if [[ ! -d "$tools" ]]; then
        python3 -m venv "$tools" && "$tools/bin/pip" --quiet install nvidia-cuda-cuobjdump || rm -rf "$tools"
    fi
    cuobjdump=$(find "$tools" -name cuobjdump -type f -print -quit 2>/dev/null || true)
fi
if [[ -z "$cuobjdump" ]]; then
    echo "SKIPPED: the table of resources. It needs cuobjdump, of the CUDA toolkit or a Python package."
else
    chmod +x "$cuobjdump" 2>/dev/null || true
    python3 scripts/check_cuda_resources.py --cuobjdump "$cuobjdump" \
        build/cuda/kernels/libkernels.a build/cuda/dsp/libdsp.a
fi
