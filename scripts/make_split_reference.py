#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints tests/experiments/split_reference.h's lines for the installed scikit-learn (once with 1.7, once with 1.8).

  python3 -m venv build/sklearn && build/sklearn/bin/pip install scikit-learn==1.8.0
  build/sklearn/bin/python scripts/make_split_reference.py
"""
import numpy as np
import sklearn
from sklearn.model_selection import StratifiedGroupKFold

# clips, groups, classes, share of clips (of 10) whose class is their group's, folds
CASES = [
    (60, 12, 3, 10, 3),
    (300, 40, 5, 8, 3),
    (300, 40, 5, 10, 2),
    (240, 120, 4, 10, 3),
    (900, 130, 10, 7, 5),
    (1200, 90, 17, 9, 12),
    (1500, 60, 150, 5, 4),
    (200, 30, 1, 10, 9),
]
SEEDS = [0, 42, 4294967295]


def table(clips, groups, classes, pure):
    """The same made-up clips as made_up_clips() of the test: (class, group) by a linear congruential generator."""
    state = clips
    labels, names = [], []
    for _ in range(clips):
        draws = []
        for _ in range(3):
            state = (state * 1103515245 + 12345) % 2**31
            draws.append(state // 2**16)
        group = draws[0] % groups
        labels.append(group % classes if draws[1] % 10 < pure else draws[2] % classes)
        names.append(f"{'é' if group % 3 == 0 else 'g'}{group}")
    return np.array(labels), np.array(names)


def fnv1a(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def main():
    version = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
    shuffle = "with_their_group" if version >= (1, 8) else "counts_only"
    print(f"    // scikit-learn {sklearn.__version__}, NumPy {np.__version__}")
    for clips, groups, classes, pure, folds in CASES:
        labels, names = table(clips, groups, classes, pure)
        for seed in SEEDS:
            split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
            fold_of = np.empty(clips, dtype=int)
            for fold, (_, test) in enumerate(split.split(labels, labels, names)):
                fold_of[test] = fold
            digest = fnv1a("".join(chr(ord("a") + fold) for fold in fold_of))
            print(f"    {{{clips}, {groups}, {classes}, {pure}, {folds}, {seed}U, GroupShuffle::{shuffle}, "
                  f"{np.sum(fold_of == 0)}, 0x{digest:08x}U}},")


main()
