// SPDX-License-Identifier: MIT
// The tables of one real FFT (dsp/log_mel_kernels.h), computed in double.
#pragma once

#include <vector>

#include "dsp/log_mel_kernels.h"

namespace kickdrum {

class RealFftTables {
 public:
    // n_fft: even, at least 4. window: [n_fft].
    RealFftTables(int n_fft, const std::vector<double>& window);
    RealFftTables(const RealFftTables&) = delete;
    RealFftTables& operator=(const RealFftTables&) = delete;

    const RealFft& fft() const { return fft_; }

 private:
    void add_pass(int radix, int parts);

    std::vector<std::vector<float>> numbers_;  // what the passes point into
    std::vector<FftPass> passes_;
    std::vector<int> rows_;
    std::vector<float> split_;
    std::vector<float> window_;
    RealFft fft_;
};

}  // namespace kickdrum
