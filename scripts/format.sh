#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Formats the C++ files in place. With --check it only lists those that would change, and fails if there are any.
#
#   scripts/format.sh [--check] [FILE...]      default: every C++ file that Git knows
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=(-i)
if [[ "${1:-}" == --check ]]; then
    mode=(--dry-run --Werror)
    shift
fi
files=("$@")
if ((${#files[@]} == 0)); then
    mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.h' '*.cpp' '*.cu' '*.cuh')
fi
if ((${#files[@]} > 0)); then clang-format "${mode[@]}" "${files[@]}"; fi
