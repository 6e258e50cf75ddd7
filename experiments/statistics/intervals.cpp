// SPDX-License-Identifier: MIT
#include "experiments/statistics/intervals.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>

#include "kernels/device/error.h"
#include "kernels/device/philox.h"

namespace kickdrum {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool has_nan(std::span<const double> values) {
    return std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

struct Pair {
    int label = 0;
    int predicted = 0;
};

// Confusion counts of `runs` runs, counted up group by group.
class ConfusionCounts {
 public:
    ConfusionCounts(std::size_t runs, int classes)
        : classes_(static_cast<std::size_t>(classes)), counts_(runs * classes_ * classes_) {}

    void clear() { std::fill(counts_.begin(), counts_.end(), 0); }
    void add(std::size_t run, Pair pair) {
        ++counts_[(run * classes_ + static_cast<std::size_t>(pair.label)) * classes_ +
                  static_cast<std::size_t>(pair.predicted)];
    }
    // sum over classes of support * F1, divided by the number of samples; a class that never occurs weighs
    // nothing.
    double weighted_f1(std::size_t run) const {
        const std::int64_t* matrix = counts_.data() + run * classes_ * classes_;
        double sum = 0;
        std::int64_t samples = 0;
        for (std::size_t c = 0; c < classes_; ++c) {
            std::int64_t support = 0;
            std::int64_t predicted = 0;
            for (std::size_t other = 0; other < classes_; ++other) {
                support += matrix[c * classes_ + other];
                predicted += matrix[other * classes_ + c];
            }
            samples += support;
            if (support == 0) continue;
            const auto hits = static_cast<double>(matrix[c * classes_ + c]);
            sum += static_cast<double>(support) * 2 * hits / static_cast<double>(support + predicted);
        }
        return samples == 0 ? 0 : sum / static_cast<double>(samples);
    }

 private:
    std::size_t classes_;
    std::vector<std::int64_t> counts_;
};

// Clips by group, groups in the order of their first clip.
std::vector<std::vector<std::size_t>> clips_by_group(std::span<const std::string> groups) {
    std::map<std::string_view, std::size_t> index;
    std::vector<std::vector<std::size_t>> clips;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto [it, is_new] = index.try_emplace(groups[i], clips.size());
        if (is_new) clips.emplace_back();
        clips[it->second].push_back(i);
    }
    return clips;
}

void check_bootstrap_input(std::span<const int> labels, std::span<const std::string> groups,
                           std::span<const std::vector<int>> predictions, int classes, int resamples) {
    if (labels.empty() || predictions.empty() || resamples < 1) {
        throw InvalidArgument("bootstrap_weighted_f1: needs at least one clip, one run and one resample");
    }
    if (groups.size() != labels.size()) {
        throw InvalidArgument("bootstrap_weighted_f1: as many groups as labels");
    }
    const auto in_range = [classes](int c) { return c >= 0 && c < classes; };
    for (const auto& run : predictions) {
        if (run.size() != labels.size()) {
            throw InvalidArgument("bootstrap_weighted_f1: as many predictions as labels");
        }
        if (!std::all_of(run.begin(), run.end(), in_range)) {
            throw InvalidArgument("bootstrap_weighted_f1: a predicted class is out of range");
        }
    }
    if (!std::all_of(labels.begin(), labels.end(), in_range)) {
        throw InvalidArgument("bootstrap_weighted_f1: a label is out of range");
    }
}

// Of the weighted sum of the runs' scores.
GroupBootstrap bootstrap(std::span<const int> labels, std::span<const std::string> groups,
                         std::span<const std::vector<int>> predictions, const std::vector<double>& weights,
                         int classes, int resamples) {
    const auto clips = clips_by_group(groups);
    ConfusionCounts counts(predictions.size(), classes);
    const auto add_group = [&](std::size_t group) {
        for (const std::size_t clip : clips[group]) {
            for (std::size_t run = 0; run < predictions.size(); ++run) {
                counts.add(run, {.label = labels[clip], .predicted = predictions[run][clip]});
            }
        }
    };
    const auto score = [&] {
        double sum = 0;
        for (std::size_t run = 0; run < predictions.size(); ++run) {
            sum += weights[run] * counts.weighted_f1(run);
        }
        return sum;
    };

    GroupBootstrap result;
    result.groups = static_cast<int>(clips.size());
    result.resamples = resamples;
    for (std::size_t group = 0; group < clips.size(); ++group) add_group(group);
    result.estimate = score();

    const RandomStream stream = random_stream(0, "statistics/group_bootstrap");
    const auto group_count = static_cast<std::uint32_t>(clips.size());
    std::vector<double> scores;
    scores.reserve(static_cast<std::size_t>(resamples));
    for (int resample = 0; resample < resamples; ++resample) {
        counts.clear();
        for (std::uint32_t draw = 0; draw < group_count; ++draw) {
            const std::uint32_t bits = philox(stream, draw, static_cast<std::uint64_t>(resample))[0];
            add_group(uniform_below(bits, group_count));
        }
        scores.push_back(score());
    }
    result.ci95 = {quantile(scores, 0.025), quantile(scores, 0.975)};
    return result;
}

}  // namespace

double quantile(std::span<const double> values, double q) {
    if (values.empty() || !(q >= 0 && q <= 1)) {
        throw InvalidArgument("quantile: needs values and a fraction between 0 and 1");
    }
    if (has_nan(values)) return kNan;  // nothing can be sorted then
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    const double position = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    if (below + 1 >= sorted.size()) return sorted.back();
    return sorted[below] + (position - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

double median(std::span<const double> values) {
    return quantile(values, 0.5);
}

Description describe(std::span<const double> values) {
    if (values.empty()) throw InvalidArgument("describe: no values");
    Description description;
    description.n = static_cast<int>(values.size());
    const auto n = static_cast<double>(values.size());
    description.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    description.min = quantile(values, 0);
    description.max = quantile(values, 1);
    description.median = median(values);
    if (values.size() < 2) return description;
    double squares = 0;
    for (const double value : values) squares += (value - description.mean) * (value - description.mean);
    const double sd = std::sqrt(squares / (n - 1));
    const double t = boost::math::quantile(boost::math::students_t(n - 1), 0.975);
    const double half_width = t * sd / std::sqrt(n);
    description.sd = sd;
    description.ci95 = Interval{description.mean - half_width, description.mean + half_width};
    return description;
}

GroupBootstrap bootstrap_weighted_f1(std::span<const int> labels, std::span<const std::string> groups,
                                     std::span<const std::vector<int>> predictions, int classes,
                                     int resamples) {
    check_bootstrap_input(labels, groups, predictions, classes, resamples);
    const double each = 1 / static_cast<double>(predictions.size());
    return bootstrap(labels, groups, predictions, std::vector<double>(predictions.size(), each), classes,
                     resamples);
}

GroupBootstrap bootstrap_weighted_f1_difference(std::span<const int> labels,
                                                std::span<const std::string> groups,
                                                std::span<const std::vector<int>> first,
                                                std::span<const std::vector<int>> other, int classes,
                                                int resamples) {
    check_bootstrap_input(labels, groups, first, classes, resamples);
    check_bootstrap_input(labels, groups, other, classes, resamples);
    std::vector<std::vector<int>> all(first.begin(), first.end());
    all.insert(all.end(), other.begin(), other.end());
    std::vector<double> weights(first.size(), -1 / static_cast<double>(first.size()));
    weights.resize(all.size(), 1 / static_cast<double>(other.size()));
    return bootstrap(labels, groups, all, weights, classes, resamples);
}

}  // namespace kickdrum
