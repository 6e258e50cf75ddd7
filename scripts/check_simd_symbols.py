#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that object files of one instruction set define nothing outside that instruction set's namespace.

    scripts/check_simd_symbols.py NAMESPACE OBJECT...

The linker keeps one copy of an inline function or template, whichever it meets first. If an AVX-512 object carried
such a copy of, say, std::vector's members, the program could crash on a processor without AVX-512.
Exit code 0: nothing found; 1: symbols are listed.
"""

import subprocess
import sys

# What the compiler itself and the sanitizers emit.
COMPILERS_OWN = ("DW.ref.", "__asan", "__odr_asan", "__tsan", "__ubsan", "__gxx_personality", "typeinfo for ubsan")


def foreign_symbols(namespace: str, path: str) -> list[str]:
    listing = subprocess.run(["nm", "--demangle", "--defined-only", "--extern-only", path], check=True,
                             capture_output=True, text=True).stdout
    names = [line.split(maxsplit=2)[2] for line in listing.splitlines()]
    return [name for name in names if f"::{namespace}::" not in name and not name.startswith(COMPILERS_OWN)]


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    namespace, objects = sys.argv[1], sys.argv[2:]
    found = [(path, name) for path in objects for name in foreign_symbols(namespace, path)]
    for path, name in found:
        print(f"{path}: '{name}' isn't in the namespace {namespace}")
    print(f"{len(objects)} object files of {namespace}, {len(found)} foreign symbols")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
