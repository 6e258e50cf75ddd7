// SPDX-License-Identifier: MIT
#include "experiments/data/band_sums.h"

#include <algorithm>
#include <cmath>

namespace kickdrum {

BandSums::BandSums(std::span<const float> images, const Shape& clip)
    : bands_(static_cast<std::size_t>(clip[1] * clip[3])), frames_(static_cast<double>(clip[2])) {
    const auto channels = static_cast<std::size_t>(clip[3]);
    const auto line = static_cast<std::size_t>(clip[2]) * channels;
    sums_.resize(images.size() / line * channels);
    for (std::size_t i = 0; i < images.size(); ++i) {
        Sums& sums = sums_[i / line * channels + i % channels];
        const auto x = static_cast<double>(images[i]);
        sums.values += x;
        sums.squares += x * x;
    }
}

BandStatistics BandSums::statistics(std::span<const std::int32_t> clips) const {
    constexpr double kSmallestDeviation = 1e-3;
    BandStatistics result;
    const double count = frames_ * static_cast<double>(std::max<std::size_t>(1, clips.size()));
    for (std::size_t band = 0; band < bands_; ++band) {
        Sums sums;
        for (const std::int32_t clip : clips) {
            const Sums& one = sums_[static_cast<std::size_t>(clip) * bands_ + band];
            sums.values += one.values;
            sums.squares += one.squares;
        }
        const double mean = sums.values / count;
        const double variance = std::max(0.0, sums.squares / count - mean * mean);
        result.mean.push_back(static_cast<float>(mean));
        result.scale.push_back(static_cast<float>(1 / (std::sqrt(variance) + kSmallestDeviation)));
    }
    return result;
}

}  // namespace kickdrum
