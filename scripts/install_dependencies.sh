#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that Kickdrum is built from. Installs nothing that is there already.
#
#   scripts/install_dependencies.sh [GROUP...]      GROUP: build, test, benchmark, lint (default: build test)
#
# On Debian 12 the packages come from apt-get, as root or through sudo. Elsewhere the script looks for the programs and
# headers themselves and lists what it can't find.
# Exit codes: 0 everything is there; 1 the installation failed; 2 wrong arguments; 4 something is missing and has to be
# installed by hand.
set -euo pipefail

# One requirement a line: group, Debian 12 package, and how to find it on any system (a program or a C++ header).
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
build libxxhash-dev header:xxhash.h
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

is_found() {  # program:NAME, header:PATH or module:NAME (of Python)
    case "$1" in
        module:*) python3 -c "import ${1#module:}" 2>/dev/null ;;
        program:*) command -v "${1#program:}" >/dev/null ;;
        header:*) g++ -std=c++20 -E -x c++ -include "${1#header:}" /dev/null >/dev/null 2>&1 ;;
    esac
}

groups=("$@")
if ((${#groups[@]} == 0)); then groups=(build test); fi
for group in "${groups[@]}"; do
    case "$group" in
        build | test | benchmark | lint) ;;
        *)
            echo "error: unknown group '$group'; the groups are build, test, benchmark and lint" >&2
            exit 2
            ;;
    esac
done

missing=()
while read -r group package probe; do
    [[ " ${groups[*]} " == *" $group "* && " ${missing[*]-} " != *" $package "* ]] || continue
    if is_debian_12; then
        is_installed "$package" || missing+=("$package")
    else
        is_found "$probe" || missing+=("$package")
    fi
done <<<"$(requirements)"

if ((${#missing[@]} == 0)); then
    echo "All packages for: ${groups[*]} are installed."
    exit 0
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
echo "Installed."
