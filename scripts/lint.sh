#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks layers, format and, by clang-tidy, the C++ sources that differ from a commit.
#
#   scripts/lint.sh [--all | COMMIT]      default: what isn't on origin/main, or else what isn't committed
#
# clang-tidy reads build/cpu/compile_commands.json; the script configures the preset where it's missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install_dependencies.sh build test lint
python3 scripts/check_layering.py

base=${1:-}
if [[ -z "$base" ]]; then
    base=HEAD
    if git rev-parse --quiet --verify origin/main >/dev/null; then base=$(git merge-base HEAD origin/main); fi
fi
if [[ "$base" == --all ]]; then
    mapfile -t changed < <(git ls-files '*.h' '*.cpp')
else
    mapfile -t changed < <(
        git diff --name-only --diff-filter=d "$base" -- '*.h' '*.cpp'
        git ls-files --others --exclude-standard '*.h' '*.cpp'
    )
fi
if ((${#changed[@]} == 0)); then
    echo "No C++ file differs from $base."
    exit 0
fi
scripts/format.sh --check "${changed[@]}"

if [[ ! -f build/cpu/compile_commands.json ]]; then cmake --preset cpu >/dev/null; fi
mapfile -t sources < <(
    # Sources for a vector instruction set are compiled several times with flags that clang-tidy can't merge.
    printf '%s\n' "${changed[@]}" | grep '\.cpp$' | grep -v '/simd/' |
        while read -r file; do
            if grep -qF "/$file\"" build/cpu/compile_commands.json; then echo "$file"; fi
        done
)
if ((${#sources[@]} > 0)); then
    # The commands may hold options that only GCC knows.
    printf '%s\n' "${sources[@]}" | xargs --max-procs="$(nproc)" --max-args=1 \
        clang-tidy --quiet -p build/cpu --extra-arg=-Wno-unknown-warning-option
fi
echo "Lint found nothing."
