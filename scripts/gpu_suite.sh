#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# On a computer with a GPU: builds the preset 'cuda', tests and measures everything that needs the GPU, and writes one
# report to send back: gpu_report.json and gpu_report.md.
#
#   scripts/gpu_suite.sh [--out DIR] [--only SECTION]... [--dry-run [--build DIR]]
#
# --out DIR     where the reports and the logs go (default: gpu_report)
# --only        run these sections only (--list names them)
# --dry-run     run small parts of all sections on the emulated device, from a build of the preset 'cuda-emulated'
#               (default: build/cuda-emulated); nothing is built or installed
# Exit codes: 0 all sections passed; 1 a section failed; 2 wrong arguments; 4 there is no GPU.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 scripts/gpu_suite.py "$@"
