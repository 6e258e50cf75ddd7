// SPDX-License-Identifier: MIT
#include "experiments/report/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr std::size_t kBins = 10;

// Sums of one bin.
struct Tally {
    int predictions = 0;
    int right = 0;
    double confidence = 0;

    void add(const Tally& other) {
        predictions += other.predictions;
        right += other.right;
        confidence += other.confidence;
    }
};
using Tallies = std::array<Tally, kBins>;

std::size_t bin_of(double confidence) {
    const double position = std::ceil(confidence * kBins) - 1;
    return static_cast<std::size_t>(std::clamp(position, 0.0, static_cast<double>(kBins - 1)));
}

Tallies tally(std::span<const Prediction> predictions) {
    Tallies tallies{};
    for (const auto& prediction : predictions) {
        const auto confidence =
            static_cast<double>(prediction.probabilities.at(static_cast<std::size_t>(prediction.predicted)));
        if (!std::isfinite(confidence)) continue;  // of a run that diverged
        tallies[bin_of(confidence)].add({.predictions = 1,
                                         .right = prediction.predicted == prediction.label ? 1 : 0,
                                         .confidence = confidence});
    }
    return tallies;
}

double calibration_error(const Tallies& tallies) {
    double error = 0;
    int predictions = 0;
    for (const auto& bin : tallies) {
        error += std::abs(bin.right - bin.confidence);
        predictions += bin.predictions;
    }
    return predictions == 0 ? 0 : error / predictions;
}

}  // namespace

Calibration calibration(const Results& results) {
    if (results.runs.empty()) throw InvalidArgument("calibration: needs at least one run");
    Tallies all{};
    std::vector<double> errors;
    for (const auto& run : results.runs) {
        const Tallies of_run = tally(run.test.predictions);
        errors.push_back(calibration_error(of_run));
        for (std::size_t bin = 0; bin < kBins; ++bin) all[bin].add(of_run[bin]);
    }
    Calibration result;
    result.error = describe(errors);
    Tally total;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        const Tally& sums = all[bin];
        const double count = std::max(sums.predictions, 1);
        result.bins.push_back({.low = static_cast<double>(bin) / kBins,
                               .high = static_cast<double>(bin + 1) / kBins,
                               .predictions = sums.predictions,
                               .confidence = sums.confidence / count,
                               .accuracy = sums.right / count});
        total.add(sums);
    }
    const double count = std::max(total.predictions, 1);
    result.confidence = total.confidence / count;
    result.accuracy = total.right / count;
    return result;
}

}  // namespace kickdrum
