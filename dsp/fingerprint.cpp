// SPDX-License-Identifier: MIT
#include "dsp/fingerprint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr int kBands = kFingerprintBits + 1;
constexpr std::int64_t kLag = 4;
constexpr std::array kSmoothing = {0.25F, 0.75F, 1.0F, 0.75F, 0.25F};
constexpr std::int64_t kReach = std::ssize(kSmoothing) / 2;
// Below the loudest frame: what is quieter counts as silence, in which a codec leaves nothing of its own.
constexpr float kSilence = 1e-6F;
// Added to each band, so that the steps between bands that hold nothing stay where they are.
constexpr float kFloor = 1e-8F;

// 2048 and 512 samples at 22 050 Hz, and about the same times at others.
LogMelSettings band_settings(int sample_rate) {
    require(sample_rate >= 1000, "fingerprint: a sample rate of {} Hz is too low", sample_rate);
    const double window = 2048.0 / 22050 * sample_rate;
    return {.sample_rate = sample_rate,
            .n_fft = static_cast<int>(std::bit_floor(static_cast<unsigned>(window * std::sqrt(2.0)))),
            .hop_length = static_cast<int>(std::lround(512.0 / 22050 * sample_rate)),
            .n_mels = kBands,
            .fmin = 200,
            .fmax = std::min(3400.0, sample_rate / 2.0)};
}

// The powers of each band, smoothed over time; [kBands, frames] both.
std::vector<float> smoothed(const std::vector<float>& power, std::int64_t frames) {
    std::vector<float> result(power.size());
    for (std::int64_t band = 0; band < kBands; ++band) {
        const float* const from = power.data() + band * frames;
        float* const to = result.data() + band * frames;
        for (std::int64_t t = 0; t < frames; ++t) {
            float sum = 0;
            for (std::int64_t k = -kReach; k <= kReach; ++k) {
                const std::int64_t at = t + k;
                if (at >= 0 && at < frames)
                    sum += kSmoothing[static_cast<std::size_t>(k + kReach)] * from[at];
            }
            to[t] = sum;
        }
    }
    return result;
}

}  // namespace

FingerprintPlan::FingerprintPlan(int sample_rate, SimdLevel simd)
    : bands_(band_settings(sample_rate), simd) {}

double FingerprintPlan::frame_seconds() const {
    return static_cast<double>(bands_.settings().hop_length) / bands_.settings().sample_rate;
}

void FingerprintPlan::compute(std::span<const float> samples, LogMelPlan::Scratch& scratch,
                              std::span<float> numbers) const {
    require(numbers.size() == kFingerprintFrames, "fingerprint: room for {} numbers instead of {}",
            numbers.size(), kFingerprintFrames);
    std::ranges::fill(numbers, -1.0F);
    const auto most = static_cast<std::size_t>((kFingerprintFrames + kLag + kReach) *
                                                   std::int64_t{bands_.settings().hop_length} +
                                               bands_.settings().n_fft);
    samples = samples.first(std::min(samples.size(), most));
    const std::int64_t frames = bands_.frames(std::ssize(samples));
    if (frames <= kLag) return;
    std::vector<float> power(static_cast<std::size_t>(kBands * frames));
    bands_.mel_power(samples, scratch, power);
    power = smoothed(power, frames);

    std::vector<float> level(static_cast<std::size_t>(frames));
    for (std::int64_t band = 0; band < kBands; ++band) {
        for (std::int64_t t = 0; t < frames; ++t)
            level[static_cast<std::size_t>(t)] += power[static_cast<std::size_t>(band * frames + t)];
    }
    const float loudest = std::ranges::max(level);
    if (loudest <= 0) return;
    const auto at = [&](std::int64_t band, std::int64_t t) {
        return static_cast<double>(power[static_cast<std::size_t>(band * frames + t)] + kFloor * loudest);
    };
    for (std::int64_t i = 0; i < std::min<std::int64_t>(kFingerprintFrames, frames - kLag); ++i) {
        const std::int64_t t = i + kLag;
        if (level[static_cast<std::size_t>(t)] < kSilence * loudest) continue;
        std::uint32_t bits = 0;
        for (int band = 0; band < kFingerprintBits; ++band) {
            const bool grown = at(band + 1, t) * at(band, i) > at(band, t) * at(band + 1, i);
            bits = bits * 2 + (grown ? 1 : 0);
        }
        numbers[static_cast<std::size_t>(i)] = static_cast<float>(bits);
    }
}

}  // namespace kickdrum
