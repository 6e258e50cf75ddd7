// SPDX-License-Identifier: MIT
// The log-mel spectrogram in double precision, by the definitions: a sum over all samples for every bin,
// dense filters.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "dsp/log_mel.h"
#include "kernels/device/philox.h"

namespace kickdrum {

// |sum_t x[t] exp(-2 pi i k t / n)|^2 for k = 0 ... n / 2.
inline std::vector<double> naive_power_spectrum(const std::vector<double>& x) {
    const std::size_t n = x.size();
    std::vector<double> cosine(n);
    std::vector<double> sine(n);
    for (std::size_t i = 0; i < n; ++i) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n);
        cosine[i] = std::cos(angle);
        sine[i] = std::sin(angle);
    }
    std::vector<double> power;
    for (std::size_t k = 0; k <= n / 2; ++k) {
        double re = 0;
        double im = 0;
        for (std::size_t t = 0; t < n; ++t) {
            re += x[t] * cosine[k * t % n];
            im += x[t] * sine[k * t % n];
        }
        power.push_back(re * re + im * im);
    }
    return power;
}

// Slaney's mel scale, as librosa writes it down.
inline double naive_mel_to_hz(double mel) {
    return mel < 15 ? 200.0 / 3 * mel : 1000 * std::exp(std::log(6.4) / 27 * (mel - 15));
}
inline double naive_hz_to_mel(double hz) {
    return hz < 1000 ? 3 * hz / 200 : 15 + 27 * std::log(hz / 1000) / std::log(6.4);
}

// [n_mels][n_fft / 2 + 1]
inline std::vector<std::vector<double>> naive_filterbank(const LogMelSettings& settings) {
    std::vector<double> corners;
    const double low = naive_hz_to_mel(settings.fmin);
    const double high = naive_hz_to_mel(settings.fmax);
    for (int i = 0; i < settings.n_mels + 2; ++i) {
        corners.push_back(naive_mel_to_hz(low + (high - low) * i / (settings.n_mels + 1)));
    }
    std::vector<std::vector<double>> filters;
    for (std::size_t m = 0; m + 2 < corners.size(); ++m) {
        std::vector<double>& filter = filters.emplace_back();
        for (int k = 0; k <= settings.n_fft / 2; ++k) {
            const double hz = static_cast<double>(k) * settings.sample_rate / settings.n_fft;
            const double rising = (hz - corners[m]) / (corners[m + 1] - corners[m]);
            const double falling = (corners[m + 2] - hz) / (corners[m + 2] - corners[m + 1]);
            filter.push_back(std::max(0.0, std::min(rising, falling)) * 2 / (corners[m + 2] - corners[m]));
        }
    }
    return filters;
}

struct NaiveLogMel {
    std::vector<double> power;    // [n_mels, frames]
    std::vector<double> db;       // [n_mels, frames]
    std::vector<double> loudest;  // [frames], the largest power
};

inline NaiveLogMel naive_log_mel(const LogMelSettings& settings, const std::vector<float>& samples) {
    const auto filters = naive_filterbank(settings);
    const auto size = static_cast<std::int64_t>(samples.size());
    const std::size_t frames = static_cast<std::size_t>(1 + size / settings.hop_length);
    NaiveLogMel result{std::vector<double>(filters.size() * frames), {}, std::vector<double>(frames)};
    for (std::size_t t = 0; t < frames; ++t) {
        std::vector<double> frame;
        for (int i = 0; i < settings.n_fft; ++i) {
            const std::int64_t place =
                static_cast<std::int64_t>(t) * settings.hop_length - settings.n_fft / 2 + i;
            const double x = place < 0 || place >= size
                                 ? 0
                                 : static_cast<double>(samples[static_cast<std::size_t>(place)]);
            frame.push_back(x * (0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / settings.n_fft)));
        }
        const auto power = naive_power_spectrum(frame);
        for (std::size_t m = 0; m < filters.size(); ++m) {
            double sum = 0;
            for (std::size_t k = 0; k < power.size(); ++k) sum += filters[m][k] * power[k];
            result.power[m * frames + t] = sum;
            result.loudest[t] = std::max(result.loudest[t], sum);
        }
    }
    const double loudest = std::max(1e-10, *std::max_element(result.power.begin(), result.power.end()));
    for (const double power : result.power) {
        result.db.push_back(std::max(10 * std::log10(std::max(1e-10, power) / loudest), -settings.top_db));
    }
    return result;
}

// A kick drum twice a second, a bass, and noise that a clamp at -80 dB reaches in places: a function of the
// length.
inline std::vector<float> test_music(int size, int sample_rate) {
    const RandomStream stream = random_stream(3, "music");
    std::vector<float> samples;
    for (int i = 0; i < size; ++i) {
        const double t = static_cast<double>(i) / sample_rate;
        const double beat = std::fmod(t, 0.5);
        const double noise =
            static_cast<double>(uniform01(philox(stream, static_cast<std::uint64_t>(i))[0])) - 0.5;
        samples.push_back(static_cast<float>(0.7 * std::exp(-8 * beat) * std::sin(300 * std::exp(-6 * beat)) +
                                             0.2 * std::sin(2 * std::numbers::pi * 440 * t) + 0.01 * noise));
    }
    return samples;
}

}  // namespace kickdrum
