#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints tests/experiments/baseline_reference.h: what scikit-learn makes of a small problem.

  python3 -m venv build/sklearn && build/sklearn/bin/pip install scikit-learn
  build/sklearn/bin/python scripts/make_baseline_reference.py > tests/experiments/baseline_reference.h
"""
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, precision_recall_fscore_support
from sklearn.multiclass import OneVsRestClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

ROWS, FEATURES, CLASSES = 48, 4, 3


def numbers(values):
    return ", ".join(repr(float(v)) for v in np.ravel(values))


def problem():
    """Three overlapping clouds of different size, with round numbers."""
    random = np.random.RandomState(7)
    labels = np.array([0] * 24 + [1] * 14 + [2] * 10)
    centres = np.array([[0, 0, 5, 100], [1.5, 0, 5, 130], [0, 1.5, 5, 70]])
    rows = centres[labels] + random.normal(size=(ROWS, FEATURES)) * [1, 1, 1, 25]
    order = random.permutation(ROWS)
    return np.round(rows, 2)[order], labels[order]


def main():
    rows, labels = problem()
    train, test = slice(0, 36), slice(36, ROWS)
    scaler = StandardScaler().fit(rows[train])
    x, y = scaler.transform(rows), labels
    svm = OneVsRestClassifier(SVC(C=2, gamma="scale", class_weight="balanced")).fit(x[train], y[train])
    decisions = svm.decision_function(x[test])
    several = decisions > 0
    truth = np.eye(CLASSES)[y[test]] > 0
    logistic = LogisticRegression(C=0.5, class_weight="balanced", tol=1e-10, max_iter=10000).fit(x[train], y[train])
    precision, recall, f1, _ = precision_recall_fscore_support(truth, several, zero_division=0)
    averages = [f1_score(truth, several, average=a, zero_division=0) for a in ("weighted", "macro", "micro")]
    split_train, split_test = train_test_split(np.arange(13), test_size=0.2, random_state=42)
    print(f"""// SPDX-License-Identifier: MIT
// Made by scripts/make_baseline_reference.py with scikit-learn {sklearn.__version__}, NumPy {np.__version__}.
#pragma once

#include <vector>

namespace kickdrum::baseline_reference {{

constexpr std::size_t kRows = {ROWS};  // the first {train.stop} to train on
constexpr std::size_t kTrain = {train.stop};
constexpr std::size_t kFeatures = {FEATURES};
constexpr int kClasses = {CLASSES};
inline const std::vector<double> kValues = {{{numbers(rows)}}};
inline const std::vector<int> kLabels = {{{", ".join(map(str, labels))}}};

// StandardScaler
inline const std::vector<double> kMean = {{{numbers(scaler.mean_)}}};
inline const std::vector<double> kScale = {{{numbers(scaler.scale_)}}};
// OneVsRestClassifier(SVC(C=2, gamma="scale", class_weight="balanced")): decision_function of the test rows
inline const std::vector<double> kDecisions = {{{numbers(decisions)}}};
// f1_score(decision > 0) as several labels: weighted, macro, micro; then precision, recall, F1 by class
inline const std::vector<double> kAverages = {{{numbers(averages)}}};
inline const std::vector<double> kPrecision = {{{numbers(precision)}}};
inline const std::vector<double> kRecall = {{{numbers(recall)}}};
inline const std::vector<double> kF1 = {{{numbers(f1)}}};
// LogisticRegression(C=0.5, class_weight="balanced"): predict_proba of the test rows
inline const std::vector<double> kLogistic = {{{numbers(logistic.predict_proba(x[test]))}}};
// train_test_split(13 rows, test_size=0.2, random_state=42)
inline const std::vector<int> kSplitTrain = {{{", ".join(map(str, split_train))}}};
inline const std::vector<int> kSplitTest = {{{", ".join(map(str, split_test))}}};

}}  // namespace kickdrum::baseline_reference""")


if __name__ == "__main__":
    main()
