#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a fresh clone to a report: installs what is missing, builds the program, writes the synthetic data set to demo/
# and trains on it. What is there already is used again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

report=results/demo/report.html

echo "This installs missing Debian packages, builds build/cpu/kickdrum, writes a synthetic data set to demo/"
echo "and runs its experiment; the results go to results/demo/."
scripts/install_dependencies.sh build

# The tests stay out of a new build folder: the program alone is built sooner.
options=()
if [[ ! -f build/cpu/CMakeCache.txt ]]; then options=(-DKICKDRUM_BUILD_TESTS=OFF); fi
cmake --preset cpu "${options[@]}"
cmake --build --preset cpu --parallel "$(nproc)" --target kickdrum

if [[ ! -f demo/experiment.yaml ]]; then build/cpu/kickdrum demo-data demo; fi
if [[ -f "$report" ]]; then
    echo "results/demo holds the results of an earlier call. To compute them anew: rm -r results/demo"
else
    # --force: a folder without a report is what an interrupted call left behind.
    build/cpu/kickdrum run demo/experiment.yaml --out results/demo --force
fi
echo "The report: $PWD/$report"
