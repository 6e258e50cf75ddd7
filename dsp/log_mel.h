// SPDX-License-Identifier: MIT
// Log-mel spectrograms, as librosa computes them:
//   melspectrogram(y, sr, n_fft, hop_length, n_mels, fmin, fmax, center=True, pad_mode="constant"), then
//   power_to_db(ref=np.max, amin=1e-10, top_db).
// Frame t is centred on sample t * hop_length, with zeros beyond the ends and a periodic Hann window; power =
// |FFT|^2; mel bands by dsp/mel_filterbank.h. dB = 10 log10(max(1e-10, mel) / max(1e-10, loudest mel of the
// clip)), and what lies below -top_db is raised to it. A silent clip is 0 dB everywhere.
// amplitude_to_db(ref=np.max, amin=1e-5, top_db) of magnitudes; power_to_db(ref=1) with `absolute`.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/mel_filterbank.h"
#include "dsp/window.h"
#include "kernels/device/device.h"

namespace kickdrum {

constexpr float kSmallestPower = 1e-10F;  // librosa's amin

struct LogMelSettings {
    int sample_rate = 22050;
    int n_fft = 1024;
    int hop_length = 512;
    int n_mels = 128;
    double fmin = 20;
    double fmax = 11000;
    double top_db = 80;
    // What isn't the default here is the CPU's alone (dsp/clip_batch.h).
    int win_length = 0;  // of the window; 0: n_fft
    WindowKind window = WindowKind::hann;
    MelScale mel_scale = MelScale::slaney;
    bool magnitude = false;  // bands of |FFT| instead of |FFT|^2; the powers below are these then, and
                             // decibels are 20 log10
    bool absolute = false;   // dB relative to 1 instead of the loudest mel; top_db is below the loudest still

    bool is_plain() const {
        return win_length == 0 && window == WindowKind::hann && mel_scale == MelScale::slaney && !magnitude &&
               !absolute;
    }
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
