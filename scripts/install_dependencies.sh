#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that Kickdrum is built from. Installs nothing that is there already.
#
#   scripts/install_dependencies.sh [GROUP...]   GROUP: build, baselines, test, benchmark, lint (default: build test)
#
# The group baselines is what classical models need when they run: two packages, and LightGBM from a Python wheel of a
# fixed version and checksum, into build/libraries/lightgbm-VERSION. Kickdrum does without each of them but for the
# models that use it, so what can't be had there is said, and no failure.
#
# On Debian 12 the packages come from apt-get, as root or through sudo. Elsewhere the script looks for the programs and
# headers themselves and lists what it can't find.
# Exit codes: 0 everything is there; 1 the installation failed; 2 wrong arguments; 4 something is missing and has to be
# installed by hand.
set -euo pipefail

# One requirement a line: group, Debian 12 package, and how to find it on any system (a program, a C++ header, ...).
requirements() {
    cat <<'LIST'
build g++ program:g++
build cmake program:cmake
build ninja-build program:ninja
build pkg-config program:pkg-config
build ccache program:ccache
build libfmt-dev header:fmt/format.h
build libsndfile1-dev header:sndfile.h
build libsoxr-dev header:soxr.h
build libyaml-cpp-dev header:yaml-cpp/yaml.h
build libcli11-dev header:CLI/CLI.hpp
build nlohmann-json3-dev header:nlohmann/json.hpp
build libboost-dev header:boost/math/distributions/students_t.hpp
build libpng-dev header:png.h
build libturbojpeg0-dev header:turbojpeg.h
build libxxhash-dev header:xxhash.h
build libhdf5-dev pkg-config:hdf5-serial
build libzip-dev header:zip.h
baselines libsvm-dev header:libsvm/svm.h
baselines libxgboost-dev header:xgboost/c_api.h
baselines python3-pip module:pip
test libgtest-dev header:gtest/gtest.h
test libgmock-dev header:gmock/gmock.h
test python3 program:python3
benchmark libbenchmark-dev header:benchmark/benchmark.h
benchmark python3-yaml module:yaml
lint clang-format program:clang-format
lint clang-tidy program:clang-tidy
lint python3 program:python3
LIST
}

is_debian_12() {
    [[ -r /etc/os-release ]] && (
        . /etc/os-release
        [[ "${ID:-}" == debian && "${VERSION_ID:-}" == 12 ]]
    )
}

is_installed() {  # package
    [[ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

is_found() {  # program:NAME, header:PATH, pkg-config:NAME or module:NAME (of Python)
    case "$1" in
        pkg-config:*) pkg-config --exists "${1#pkg-config:}" 2>/dev/null ;;
        module:*) python3 -c "import ${1#module:}" 2>/dev/null ;;
        program:*) command -v "${1#program:}" >/dev/null ;;
        header:*) g++ -std=c++20 -E -x c++ -include "${1#header:}" /dev/null >/dev/null 2>&1 ;;
    esac
}

# LightGBM from its wheel: the one that scripts/lightgbm.txt names, or none.
install_lightgbm() {
    local list version folder wheels
    list=$(dirname "${BASH_SOURCE[0]}")/lightgbm.txt
    version=$(sed -n 's/^lightgbm==\([0-9.]*\).*/\1/p' "$list")
    folder=$(dirname "${BASH_SOURCE[0]}")/../build/libraries/lightgbm-$version
    if [[ -f "$folder/lib_lightgbm.so" ]]; then return; fi
    wheels=$(mktemp -d)
    if python3 -m pip download --quiet --no-deps --only-binary :all: --require-hashes --requirement "$list" \
        --dest "$wheels" >"$wheels/log" 2>&1 &&
        mkdir -p "$folder" &&
        python3 - "$wheels" "$folder" <<'PYTHON'; then
import pathlib, sys, zipfile
wheel = next(pathlib.Path(sys.argv[1]).glob("lightgbm-*.whl"))
target = pathlib.Path(sys.argv[2]) / "lib_lightgbm.so"
part = target.with_suffix(".part")
part.write_bytes(zipfile.ZipFile(wheel).read("lightgbm/lib/lib_lightgbm.so"))
part.rename(target)
PYTHON
        echo "LightGBM $version is in build/libraries."
    else
        tail -n 1 "$wheels/log" >&2
        echo "LightGBM $version can't be had here; Kickdrum does without, but for the baselines that use it." >&2
    fi
    rm -r "$wheels"
}

groups=("$@")
if ((${#groups[@]} == 0)); then groups=(build test); fi
for group in "${groups[@]}"; do
    case "$group" in
        build | baselines | test | benchmark | lint) ;;
        *)
            echo "error: unknown group '$group'; the groups are build, baselines, test, benchmark and lint" >&2
            exit 2
            ;;
    esac
done

finish() {  # message
    if [[ " ${groups[*]} " == *" baselines "* ]]; then install_lightgbm; fi
    echo "$1"
    exit 0
}

missing=()
while read -r group package probe; do
    [[ " ${groups[*]} " == *" $group "* && " ${missing[*]-} " != *" $package "* ]] || continue
    if is_debian_12; then
        is_installed "$package" || missing+=("$package")
    elif ! is_found "$probe"; then
        if [[ "$group" == baselines ]]; then
            echo "Without $package (so Debian 12 calls it) the baselines that use it can't run." >&2
        else
            missing+=("$package")
        fi
    fi
done <<<"$(requirements)"

if ((${#missing[@]} == 0)); then
    finish "All packages for: ${groups[*]} are installed."
fi

if ! is_debian_12; then
    {
        echo "error: these are missing (the names are those of Debian 12; this system may call them otherwise):"
        printf '    %s\n' "${missing[@]}"
        echo "Install them and run this again. libsndfile has to be 1.2 or newer, the compiler GCC 12 or newer."
    } >&2
    exit 4
fi

as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "error: packages are missing, and installing them needs root. As root, run:" >&2
        echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 4
    fi
    as_root=(sudo)
fi

echo "Installing with apt-get: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}
# A mirror that can't be reached only matters where the packages aren't in apt's cache: let the installation tell.
apt_get update || true
if ! apt_get install --no-install-recommends "${missing[@]}"; then
    cat "$log" >&2
    echo "error: apt-get could not install the packages; its output is above" >&2
    exit 1
fi
finish "Installed."
