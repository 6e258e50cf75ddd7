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

struct StreamResampler::State {
    State(int from_rate, int to_rate) {
        const soxr_io_spec_t types = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
        const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
        const soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
        soxr_error_t error = nullptr;
        soxr = soxr_create(from_rate, to_rate, 1, &error, &types, &quality, &one_thread);
        if (soxr == nullptr) throw std::runtime_error("libsoxr can't resample: " + std::string(error));
    }
    ~State() { soxr_delete(soxr); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    soxr_t soxr = nullptr;
};

StreamResampler::StreamResampler(int from_rate, int to_rate) {
    if (from_rate < 1 || to_rate < 1) throw std::invalid_argument("a sampling rate must be at least 1 Hz");
    if (from_rate != to_rate) state_ = std::make_unique<State>(from_rate, to_rate);
}

StreamResampler::~StreamResampler() = default;

void StreamResampler::process(std::span<const float> samples, bool end, std::vector<float>& resampled) {
    constexpr std::size_t kRoom = 1 << 14;
    for (;;) {
        const std::size_t before = resampled.size();
        resampled.resize(before + kRoom);
        std::size_t taken = 0;
        std::size_t written = 0;
        const soxr_error_t error =
            soxr_process(state_->soxr, end && samples.empty() ? nullptr : samples.data(), samples.size(),
                         &taken, resampled.data() + before, kRoom, &written);
        if (error != nullptr) throw std::runtime_error("libsoxr can't resample: " + std::string(error));
        resampled.resize(before + written);
        samples = samples.subspan(taken);
        if (samples.empty() && written < kRoom) return;
    }
}

void StreamResampler::push(std::span<const float> samples, std::vector<float>& resampled) {
    if (samples.empty()) return;
    if (!state_) {
        resampled.insert(resampled.end(), samples.begin(), samples.end());
        return;
    }
    process(samples, false, resampled);
}

void StreamResampler::finish(std::vector<float>& resampled) {
    if (state_) process({}, true, resampled);
}

}  // namespace kickdrum
