// SPDX-License-Identifier: MIT
// Per-channel energy normalisation (Wang et al., 2017: "Trainable frontend for robust and far-field keyword
// spotting"; Lostanlen et al., 2019), as librosa.pcen(S * 2^31):
//   M[t] = (1 - b) M[t - 1] + b S[t],  M[-1] = 1
//   P[t] = (S[t] (eps + M[t])^-gain + bias)^power - bias^power
//   b = (sqrt(1 + 4 T^2) - 1) / (2 T^2), T = time_constant * sample_rate / hop_length
#pragma once

#include <cstdint>
#include <span>

namespace kickdrum {

struct PcenSettings {
    int sample_rate = 22050;
    int hop_length = 512;
    double gain = 0.98;
    double bias = 2;
    double power = 0.5;
    double time_constant = 0.4;  // seconds
    double eps = 1e-6;
    double input_scale = 2147483648.0;  // 2^31: librosa's advice for samples within [-1, 1)

    bool operator==(const PcenSettings&) const = default;
};

// bands: [bands, frames], replaced. frames must be at least 1.
void pcen(std::span<float> bands, std::int64_t frames, const PcenSettings& settings);

}  // namespace kickdrum
