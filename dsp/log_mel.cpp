// SPDX-License-Identifier: MIT
#include "dsp/log_mel.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "dsp/aligned_floats.h"
#include "dsp/flat_bands.h"
#include "dsp/log_mel_kernels.h"
#include "dsp/real_fft_tables.h"
#include "dsp/window.h"
#include "kernels/device/error.h"

namespace kickdrum {

namespace {

constexpr int kLargestFft = 65536;

const LogMelSettings& checked(const LogMelSettings& settings) {
    require(settings.n_fft >= 4 && settings.n_fft <= kLargestFft && settings.n_fft % 2 == 0,
            "log_mel: n_fft must be even and between 4 and {}, got {}", kLargestFft, settings.n_fft);
    require(settings.hop_length >= 1, "log_mel: hop_length must be at least 1, got {}", settings.hop_length);
    require(settings.win_length >= 0 && settings.win_length <= settings.n_fft,
            "log_mel: win_length must be at most n_fft ({}), got {}", settings.n_fft, settings.win_length);
    require(settings.top_db > 0, "log_mel: top_db must be above 0, got {}", settings.top_db);
    return settings;
}

MelFilterbankSettings filterbank_settings(const LogMelSettings& settings) {
    return {.sample_rate = settings.sample_rate,
            .n_fft = settings.n_fft,
            .n_mels = settings.n_mels,
            .fmin = settings.fmin,
            .fmax = settings.fmax,
            .scale = settings.mel_scale};
}

}  // namespace

struct LogMelPlan::Tables {
    Tables(const LogMelSettings& user_settings, SimdLevel simd)
        : settings(checked(user_settings)),
          kernels(log_mel_kernels(simd)),
          bands(mel_filterbank(filterbank_settings(settings))),
          flat_bands(bands),
          fft(settings.n_fft,
              centred_window(settings.window, settings.win_length > 0 ? settings.win_length : settings.n_fft,
                             settings.n_fft)) {}

    LogMelSettings settings;
    const LogMelKernels& kernels;
    std::vector<MelBand> bands;
    FlatBands flat_bands;
    RealFftTables fft;
};

struct LogMelPlan::Scratch::Memory {
    AlignedFloats samples;
    AlignedFloats work;
    AlignedFloats power;
};

LogMelPlan::Scratch::Scratch() : memory_(std::make_unique<Memory>()) {}
LogMelPlan::Scratch::~Scratch() = default;
LogMelPlan::Scratch::Scratch(Scratch&&) noexcept = default;
LogMelPlan::Scratch& LogMelPlan::Scratch::operator=(Scratch&&) noexcept = default;

LogMelPlan::LogMelPlan(const LogMelSettings& settings, SimdLevel simd)
    : tables_(std::make_unique<const Tables>(settings, simd)) {}
LogMelPlan::~LogMelPlan() = default;
LogMelPlan::LogMelPlan(LogMelPlan&&) noexcept = default;
LogMelPlan& LogMelPlan::operator=(LogMelPlan&&) noexcept = default;

const LogMelSettings& LogMelPlan::settings() const {
    return tables_->settings;
}

const std::vector<MelBand>& LogMelPlan::bands() const {
    return tables_->bands;
}

std::int64_t LogMelPlan::frames(std::int64_t samples) const {
    return 1 + samples / tables_->settings.hop_length;
}

void LogMelPlan::mel_power(std::span<const float> samples, Scratch& scratch, std::span<float> power) const {
    const LogMelSettings& settings = tables_->settings;
    const LogMelKernels& kernels = tables_->kernels;
    const RealFft& fft = tables_->fft.fft();
    const std::int64_t count = frames(static_cast<std::int64_t>(samples.size()));
    require(static_cast<std::int64_t>(power.size()) == settings.n_mels * count,
            "log_mel: the result of {} samples is [{}, {}], got room for {} numbers", samples.size(),
            settings.n_mels, count, power.size());
    Scratch::Memory& memory = *scratch.memory_;
    float* const work = memory.work.at_least(fft.work_rows * kernels.lanes);
    float* const bins = memory.power.at_least((std::int64_t{fft.half} + 1) * kernels.lanes);
    const std::int64_t hop = settings.hop_length;
    const std::int64_t piece_size = (kernels.lanes - 1) * hop + settings.n_fft;
    for (std::int64_t frame = 0; frame < count; frame += kernels.lanes) {
        const float* const piece = padded_piece(samples, frame * hop - fft.half, piece_size, memory.samples);
        kernels.power(fft, piece, hop, work, bins);
        if (settings.magnitude) {
            const std::int64_t numbers = (std::int64_t{fft.half} + 1) * kernels.lanes;
            for (std::int64_t i = 0; i < numbers; ++i) bins[i] = std::sqrt(bins[i]);
        }
        const auto valid = static_cast<int>(std::min<std::int64_t>(kernels.lanes, count - frame));
        kernels.mel(tables_->flat_bands.view(), bins, valid, power.data() + frame, count);
    }
}

void LogMelPlan::execute(std::span<const float> samples, Scratch& scratch, std::span<float> db) const {
    mel_power(samples, scratch, db);
    const LogMelSettings& settings = tables_->settings;
    const auto count = static_cast<std::int64_t>(db.size());
    if (settings.magnitude) {
        for (float& x : db) x *= x;
    }
    const float loudest = std::max(kSmallestPower, tables_->kernels.maximum(db.data(), count));
    tables_->kernels.decibels(db.data(), count, kSmallestPower, loudest, static_cast<float>(settings.top_db));
    if (!settings.absolute) return;
    const float level = 10 * std::log10(loudest);
    for (float& x : db) x += level;
}

}  // namespace kickdrum
