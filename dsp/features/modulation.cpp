// SPDX-License-Identifier: MIT
#include "dsp/features/modulation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "dsp/aligned_floats.h"
#include "dsp/features/statistics.h"
#include "dsp/window.h"

namespace kickdrum {

namespace {

constexpr int kFft = 512;
constexpr std::int64_t kPiece = 344;
constexpr double kFloor = 1e-6;

}  // namespace

ModulationSpectrum::ModulationSpectrum(double frames_per_second, const LogMelKernels& kernels)
    : kernels_(kernels), fft_(kFft, std::vector<double>(kFft, 1.0)) {
    for (std::size_t i = 0; i < kModulationEdges.size(); ++i) {
        first_bin_[i] = std::min(kFft / 2 + 1,
                                 static_cast<int>(std::ceil(kModulationEdges[i] * kFft / frames_per_second)));
    }
}

std::vector<double> ModulationSpectrum::energies(const FrameMatrix& rows) const {
    const RealFft& fft = fft_.fft();
    const int lanes = kernels_.lanes;
    const std::int64_t piece = std::min(rows.frames, kPiece);
    const std::int64_t pieces = std::max<std::int64_t>(1, rows.frames / kPiece);
    const std::vector<double> window = hann_window(static_cast<int>(piece));
    double window_power = 0;
    for (const double w : window) window_power += w * w;
    // Of a sine of amplitude a, half of a^2, whatever the length of the piece.
    // (One frame's window is 0.)
    const double scale = window_power > 0 ? 2 / (window_power * kFft * static_cast<double>(pieces)) : 0;

    AlignedFloats memory;
    float* const samples = memory.at_least((fft.work_rows + kFft / 2 + 1 + kFft) * lanes);
    float* const work = samples + kFft * lanes;
    float* const power = work + fft.work_rows * lanes;
    std::vector<double> energies(static_cast<std::size_t>(rows.rows * kModulationBands), 0.0);
    for (std::int64_t p = 0; p < pieces; ++p) {
        for (int row = 0; row < rows.rows; row += lanes) {  // as many rows at once as a vector has lanes
            const int count = std::min(lanes, rows.rows - row);
            std::fill(samples, samples + kFft * lanes, 0.0F);
            for (int i = 0; i < count; ++i) {
                const auto x = rows.row(row + i).subspan(static_cast<std::size_t>(p * piece),
                                                         static_cast<std::size_t>(piece));
                const double mean = mean_of(x);
                for (std::size_t t = 0; t < x.size(); ++t) {
                    samples[i * kFft + static_cast<int>(t)] =
                        static_cast<float>((static_cast<double>(x[t]) - mean) * window[t]);
                }
            }
            kernels_.power(fft, samples, kFft, work, power);
            for (int i = 0; i < count; ++i) {
                for (int band = 0; band < kModulationBands; ++band) {
                    const auto b = static_cast<std::size_t>(band);
                    double& sum = energies[static_cast<std::size_t>((row + i) * kModulationBands + band)];
                    for (int k = first_bin_[b]; k < first_bin_[b + 1]; ++k) {
                        sum += static_cast<double>(power[k * lanes + i]) * scale;
                    }
                }
            }
        }
    }
    for (double& energy : energies) energy = 10 * std::log10(kFloor + energy);
    return energies;
}

}  // namespace kickdrum
