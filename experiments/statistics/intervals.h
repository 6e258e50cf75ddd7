// SPDX-License-Identifier: MIT
// What a handful of numbers says about the number behind them.
//
// describe(): mean, sample standard deviation (n - 1), range, median, and the 95 % interval of the mean by
// Student's t:
//   mean +- t(0.975, n - 1) * sd / sqrt(n)
// It answers "how would the mean move if the runs were repeated with other seeds", nothing else: the clips
// stay the same.
//
// bootstrap_weighted_f1(): how the score would move with other tracks in the part. Whole groups are drawn
// with replacement, because clips of one group aren't independent; the 2.5 % and 97.5 % points of the
// resampled scores (linear interpolation, as numpy.percentile) are the interval. Deterministic: a Philox
// stream of its own.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kickdrum {

struct Interval {
    double low = 0;
    double high = 0;
    double half_width() const { return (high - low) / 2; }
};

struct Description {
    int n = 0;
    double mean = 0;
    std::optional<double> sd;  // none where n < 2
    double min = 0;
    double max = 0;
    double median = 0;
    std::optional<Interval> ci95;  // of the mean; none where n < 2
};

// Throws InvalidArgument for no values at all. Where a value is NaN (a run that diverged), all is NaN.
Description describe(std::span<const double> values);

double median(std::span<const double> values);
// The value below which the fraction `q` of the values lies, linear between neighbours. Not empty, 0 <= q
// <= 1. NaN where a value is NaN.
double quantile(std::span<const double> values, double q);

struct GroupBootstrap {
    double estimate = 0;  // on the part as it is
    Interval ci95;
    int groups = 0;
    int resamples = 0;
};

// The weighted F1 of a part, mean over runs that predicted the same clips. labels and groups are by clip;
// predictions holds one vector of predicted classes per run, each by clip. Throws InvalidArgument where the
// lengths differ or something is empty.
GroupBootstrap bootstrap_weighted_f1(std::span<const int> labels, std::span<const std::string> groups,
                                     std::span<const std::vector<int>> predictions, int classes,
                                     int resamples = 2000);

// The same of a difference: mean score of `other` minus that of `first`, on the same draw of groups.
GroupBootstrap bootstrap_weighted_f1_difference(std::span<const int> labels,
                                                std::span<const std::string> groups,
                                                std::span<const std::vector<int>> first,
                                                std::span<const std::vector<int>> other, int classes,
                                                int resamples = 2000);

}  // namespace kickdrum
