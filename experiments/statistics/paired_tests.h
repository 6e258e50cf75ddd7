// SPDX-License-Identifier: MIT
// Whether two variants differ, from the differences of their paired runs (equal seeds and splits): two-sided
// tests of "the difference is zero in the long run", and how large it is.
//
// A test is undefined, and has no p, where its statistic is: fewer than two differences, or all equal.
// SciPy's names: ttest_rel, permutation_test(permutation_type="samples"), wilcoxon.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace kickdrum {

struct TestResult {
    std::string_view method;  // in words, with what makes it exact or not
    int n = 0;                // differences that it uses
    double statistic = 0;
    std::optional<double> p;  // two-sided
};

// t = mean / (sd / sqrt(n)), n - 1 degrees of freedom.
TestResult paired_t_test(std::span<const double> differences);

// The share of all 2^n ways to set the differences' signs whose sum is at least as far from 0 as the sum
// seen. Beyond 16 differences 100 000 random ways, and (hits + 1) / (ways + 1). No sign can go unseen: p is
// never below 2^(1-n).
TestResult sign_flip_test(std::span<const double> differences);

// Wilcoxon's signed ranks: zeros are left out, equal sizes share their mean rank. Statistic: the smaller of
// the two rank sums. Exact (also with ties) up to 50 differences, beyond by the normal approximation.
TestResult wilcoxon_test(std::span<const double> differences);

// Nadeau and Bengio (2003): runs on different splits share clips, so that their differences aren't
// independent. The variance is taken (1/n + test/train) times instead of 1/n times; test and train are clips.
TestResult corrected_resampled_t_test(std::span<const double> differences, double test_over_train);

// Holm's step-down correction of several p: as large as it takes for the smallest of them to be believed.
std::vector<double> holm(std::span<const double> p);

// mean / sd of the differences (Cohen's d for paired samples); none where sd is 0 or n < 2.
std::optional<double> cohens_dz(std::span<const double> differences);

// Vargha and Delaney's A: the probability that a run of `a` is above one of `b`, equal ones counted half,
// over all pairs.
double vargha_delaney_a(std::span<const double> a, std::span<const double> b);
// The same over the paired runs only.
double probability_of_superiority(std::span<const double> differences);

}  // namespace kickdrum
