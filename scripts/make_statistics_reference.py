#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints tests/experiments/statistics_reference.h, from SciPy and, where it has no such function, plain NumPy.

  python3 -m venv build/scipy && build/scipy/bin/pip install scipy
  build/scipy/bin/python scripts/make_statistics_reference.py > tests/experiments/statistics_reference.h
"""
import itertools

import numpy as np
import scipy
from scipy import stats

SAMPLES = [
    # a, b: paired scores
    ([0.786, 0.771, 0.802, 0.764, 0.791], [0.765, 0.758, 0.779, 0.770, 0.761]),
    ([0.61, 0.64, 0.58, 0.70], [0.66, 0.64, 0.63, 0.69]),
    ([0.81, 0.79, 0.84, 0.80, 0.83, 0.78, 0.85, 0.80], [0.80, 0.77, 0.83, 0.82, 0.80, 0.79, 0.81, 0.77]),
    ([0.912, 0.905, 0.921, 0.917, 0.899, 0.908, 0.914, 0.920, 0.901, 0.910, 0.907, 0.915],
     [0.903, 0.906, 0.908, 0.911, 0.897, 0.899, 0.915, 0.909, 0.894, 0.905, 0.909, 0.904]),
    ([0.5, 0.75, 0.25], [0.25, 0.5, 0.0]),  # equal differences
    ([0.3, 0.9], [0.5, 0.6]),
]
TEST_OVER_TRAIN = 226 / 872


def quantile(values, counts, q):
    """numpy.quantile of the values written out, each as often as its count."""
    order = np.argsort(values)
    values, ends = np.asarray(values)[order], np.cumsum(np.asarray(counts, dtype=float)[order])
    position = q * (ends[-1] - 1)
    at = [values[np.searchsorted(ends, np.floor(position) + step, side="right")] for step in (0, 1)]
    return at[0] + (position - np.floor(position)) * (at[1] - at[0])


def resamples(n):
    """All different resamples of n values, as counts, with the number of ordered draws of each."""
    from math import factorial
    for bars in itertools.combinations(range(2 * n - 1), n - 1):
        edges = (-1, *bars, 2 * n - 1)
        counts = [edges[i + 1] - edges[i] - 1 for i in range(n)]
        ways = factorial(n)
        for count in counts:
            ways //= factorial(count)
        yield np.array(counts), ways


def bca(values):
    """scipy.stats.bootstrap's BCa with all n^n resamples instead of random ones."""
    values = np.asarray(values)
    n = len(values)
    pairs = [(np.dot(c, values) / n, w) for c, w in resamples(n)]
    means = np.array([m for m, _ in pairs])
    ways = np.array([w for _, w in pairs], dtype=float)
    mean = values.mean()
    equal = np.abs(means - mean) < 1e-12
    share = (ways[(means < mean) & ~equal].sum() + ways[equal].sum() / 2) / ways.sum()
    z0 = stats.norm.ppf(share)
    jack = np.array([np.delete(values, i).mean() for i in range(n)])
    u = (n - 1) * (jack.mean() - jack)
    a = (u**3).sum() / (6 * (u**2).sum() ** 1.5)
    ends = []
    for q in (0.025, 0.975):
        z = z0 + stats.norm.ppf(q)
        ends.append(quantile(means, ways, stats.norm.cdf(z0 + z / (1 - a * z))))
    return ends


def violation(a, b):
    """On a grid fine enough to be exact: quantile functions are constant between multiples of 1/(n m)."""
    a, b = np.sort(a), np.sort(b)
    d = np.repeat(a, len(b)) - np.repeat(b, len(a))
    total = (d**2).sum()
    return 0.5 if total == 0 else (d[d < 0] ** 2).sum() / total


def epsilon(a, b):
    ratios, weights = [], []
    for (ca, wa), (cb, wb) in itertools.product(list(resamples(len(a))), list(resamples(len(b)))):
        ratios.append(violation(np.repeat(np.sort(a), ca), np.repeat(np.sort(b), cb)))
        weights.append(float(wa * wb))
    ratios, weights = np.array(ratios), np.array(weights) / np.sum(weights)
    sd = np.sqrt((weights * (ratios - (weights * ratios).sum()) ** 2).sum())
    return float(np.clip(violation(a, b) + stats.norm.ppf(0.95) * sd, 0, 1))


def wilcoxon(d):
    """SciPy's exact test where it has one; with ties its null distribution written out."""
    d = d[d != 0]
    ranks = stats.rankdata(np.abs(d))
    smaller = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    sums = np.array([np.dot(s, ranks) for s in itertools.product((0, 1), repeat=len(d))])
    p = min(1.0, 2 * np.mean(sums <= smaller + 1e-9))
    if len(set(np.abs(d))) == len(d):
        assert abs(p - stats.wilcoxon(d, mode="exact").pvalue) < 1e-12
    return smaller, p


def number(value):
    return "kNone" if value is None or not np.isfinite(value) else repr(float(value))


def numbers(values):
    return "{" + ", ".join(number(v) for v in values) + "}"


def main():
    print("// SPDX-License-Identifier: MIT")
    print(f"// Made by scripts/make_statistics_reference.py with SciPy {scipy.__version__}, NumPy {np.__version__}.")
    print("""#pragma once

#include <limits>
#include <vector>

namespace kickdrum {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();  // undefined
constexpr double kTestOverTrain = %r;

struct StatisticsReference {
    std::vector<double> a, b;  // paired
    double t, t_p;             // ttest_rel
    double flip_p;             // permutation_test, all sign flips
    double wilcoxon, wilcoxon_p;
    double corrected_t, corrected_p;  // Nadeau and Bengio, by stats.t
    double dz, a12;
    std::vector<double> bca;  // of a
    double violation, epsilon;
};

inline const std::vector<StatisticsReference> kStatisticsReference = {""" % TEST_OVER_TRAIN)
    for a, b in SAMPLES:
        a, b = np.array(a), np.array(b)
        d = np.round(a - b, 12)
        n = len(d)
        t, t_p = stats.ttest_rel(a, b)
        flip = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
        w, w_p = wilcoxon(d)
        sd = d.std(ddof=1)
        defined = sd > 1e-12
        corrected = d.mean() / (sd * np.sqrt(1 / n + TEST_OVER_TRAIN)) if defined else None
        corrected_p = 2 * stats.t.sf(abs(corrected), n - 1) if defined else None
        u = stats.mannwhitneyu(a, b).statistic
        eps = epsilon(a, b) if n <= 5 else None
        print(f"    {{{numbers(a)},\n     {numbers(b)},\n     {number(t if defined else None)}, "
              f"{number(t_p if defined else None)}, {number(flip)},\n     {number(w)}, {number(w_p)}, "
              f"{number(corrected)}, {number(corrected_p)},\n     {number(d.mean() / sd if defined else None)}, "
              f"{number(u / n**2)}, {numbers(bca(a) if n <= 8 else [])}, {number(violation(a, b))}, "
              f"{number(eps)}}},")
    print("};\n")
    print("// Noncentral t: power of a two-sided paired t-test at 0.05.\nstruct PowerReference {\n"
          "    double dz;\n    int n;\n    double power;\n};")
    print("inline const std::vector<PowerReference> kPowerReference = {")
    for dz, n in [(0.2, 5), (0.5, 34), (0.8, 15), (1.5, 5), (-1.0, 10)]:
        c = stats.t.ppf(0.975, n - 1)
        nc = abs(dz) * np.sqrt(n)
        print(f"    {{{dz}, {n}, {number(stats.nct.sf(c, n - 1, nc) + stats.nct.cdf(-c, n - 1, nc))}}},")
    print("};\n\n}  // namespace kickdrum")


if __name__ == "__main__":
    main()
