// SPDX-License-Identifier: MIT
// The modulation spectrum: how fast the loudness of frequency bands goes up and down.
#pragma once

#include <array>
#include <vector>

#include "dsp/features/frame_matrix.h"
#include "dsp/log_mel_kernels.h"
#include "dsp/real_fft_tables.h"

namespace kickdrum {

constexpr std::array kModulationEdges{0.4, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 11.0, 15.0, 21.5};  // Hz
constexpr int kModulationBands = static_cast<int>(kModulationEdges.size()) - 1;

class ModulationSpectrum {
 public:
    ModulationSpectrum(double frames_per_second, const LogMelKernels& kernels);

    // [rows, kModulationBands]: 10 log10(1e-6 + the mean square of what each row has between two edges). Rows
    // are taken in pieces of 344 frames (8 seconds at librosa's hop), or of all where there are fewer; each
    // piece less its mean, under a Hann window, and the pieces' energies are averaged.
    std::vector<double> energies(const FrameMatrix& rows) const;

 private:
    const LogMelKernels& kernels_;
    RealFftTables fft_;
    std::array<int, kModulationEdges.size()> first_bin_{};
};

}  // namespace kickdrum
