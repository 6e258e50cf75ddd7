// SPDX-License-Identifier: MIT
// Log-mel spectrograms, as librosa computes them:
//   melspectrogram(y, sr, n_fft, hop_length, n_mels, fmin, fmax, center=True, pad_mode="constant"), then
//   power_to_db(ref=np.max, amin=1e-10, top_db).
// Frame t is centred on sample t * hop_length, with zeros beyond the ends and a periodic Hann window; power =
// |FFT|^2; mel bands by dsp/mel_filterbank.h. dB = 10 log10(max(1e-10, mel) / max(1e-10, loudest mel of the
// clip)), and what lies below -top_db is raised to it. A silent clip is 0 dB everywhere.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/mel_filterbank.h"
#include "kernels/device/device.h"

namespace kickdrum {

constexpr float kSmallestPower = 1e-10F;  // librosa's amin

struct LogMelSettings {
    int sample_rate = 22050;
    int n_fft = 1024;  // also the window's length
    int hop_length = 512;
    int n_mels = 128;
    double fmin = 20;
    double fmax = 11000;
    double top_db = 80;
};

// Immutable once built: many threads may share one plan, each with a Scratch of its own. The result doesn't
// depend on the thread, nor on what the Scratch was used for before.
class LogMelPlan {
 public:
    // Throws InvalidArgument where the settings make no sense: n_fft must be even, 4 to 65536, hop_length and
    // n_mels at least 1, top_db above 0, 0 <= fmin < fmax <= sample_rate / 2. Powers of two from 8 are
    // fastest; of other lengths, those with small prime factors.
    LogMelPlan(const LogMelSettings& settings, SimdLevel simd);
    ~LogMelPlan();
    LogMelPlan(LogMelPlan&&) noexcept;
    LogMelPlan& operator=(LogMelPlan&&) noexcept;

    // Working memory of one thread. It grows at the first clip and is kept.
    class Scratch {
     public:
        Scratch();
        ~Scratch();
        Scratch(Scratch&&) noexcept;
        Scratch& operator=(Scratch&&) noexcept;

     private:
        friend class LogMelPlan;
        struct Memory;
        std::unique_ptr<Memory> memory_;
    };

    const LogMelSettings& settings() const;
    const std::vector<MelBand>& bands() const;

    // 1 + samples / hop_length
    std::int64_t frames(std::int64_t samples) const;

    // power, db: [n_mels, frames(samples.size())], row 0 the lowest band. Samples must be finite. Throws
    // InvalidArgument where the size of the result is another.
    void mel_power(std::span<const float> samples, Scratch& scratch, std::span<float> power) const;
    void execute(std::span<const float> samples, Scratch& scratch, std::span<float> db) const;

 private:
    struct Tables;
    std::unique_ptr<const Tables> tables_;
};

}  // namespace kickdrum
