// SPDX-License-Identifier: MIT
#include "dsp/resample.h"

#include <soxr.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace kickdrum {

std::vector<float> resample(std::span<const float> samples, int from_rate, int to_rate) {
    if (from_rate < 1 || to_rate < 1) throw std::invalid_argument("a sampling rate must be at least 1 Hz");
    if (from_rate == to_rate || samples.empty()) return {samples.begin(), samples.end()};

    // In this order and in double precision, because librosa rounds up the same product.
    const double ratio = static_cast<double>(to_rate) / from_rate;
    const auto length = static_cast<std::size_t>(std::ceil(static_cast<double>(samples.size()) * ratio));

    // One sample of room more than expected: libsoxr may round otherwise. What it doesn't fill stays 0.
    std::vector<float> resampled(length + 1);
    const soxr_io_spec_t types = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    const soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
    std::size_t written = 0;
    const soxr_error_t error =
        soxr_oneshot(from_rate, to_rate, 1, samples.data(), samples.size(), nullptr, resampled.data(),
                     resampled.size(), &written, &types, &quality, &one_thread);
    if (error != nullptr) throw std::runtime_error("libsoxr can't resample: " + std::string(error));
    resampled.resize(length);
    return resampled;
}

}  // namespace kickdrum
