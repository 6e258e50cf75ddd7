// SPDX-License-Identifier: MIT
#include "dsp/features/rich_row.h"

#include <fmt/format.h>

#include <array>

#include "dsp/features/mel_groups.h"

namespace kickdrum {

namespace {

constexpr int kBands = 32;
constexpr int kPairedBands = 16;
constexpr int kLater = 2;  // frames

void add_band_figures(FeatureRow& row, const FrameMatrix& bands) {
    for (int b = 0; b < bands.rows; ++b) {
        const auto band = bands.row(b);
        const auto sorted = sorted_copy(band);
        const std::string name = fmt::format("band_{}", b);
        row.add_mean_and_sd(name, band);
        row.add(name + "_p10", quantile_of_sorted(sorted, 0.1));
        row.add(name + "_p90", quantile_of_sorted(sorted, 0.9));
        row.add(name + "_change", mean_change(band));
    }
}

// Low: up to about 300 Hz; mid: up to about 2.2 kHz; high: the rest.
void add_flux(FeatureRow& row, const FrameMatrix& bands) {
    struct Range {
        const char* name;
        int first, end;
    };
    for (const auto& [name, first, end] :
         {Range{"low", 0, 3}, Range{"mid", 3, 17}, Range{"high", 17, kBands}}) {
        std::vector<float> envelope(static_cast<std::size_t>(bands.frames));
        for (int b = first; b < end; ++b) {
            const auto band = bands.row(b);
            for (std::size_t t = 0; t < envelope.size(); ++t)
                envelope[t] += band[t] / static_cast<float>(end - first);
        }
        const FluxAgreement flux = flux_agreement(envelope);
        for (int i = 0; i < kFluxLags; ++i) {
            row.add(fmt::format("flux_{}_lag_{}", name, 2 * (i + 1)),
                    flux.at_lag[static_cast<std::size_t>(i)]);
        }
        row.add(fmt::format("flux_{}_max", name), flux.largest);
        row.add(fmt::format("envelope_{}_skew", name), moments_of(envelope).skew);
    }
}

void add_modulation(FeatureRow& row, const FrameMatrix& bands, const ModulationSpectrum& modulation) {
    const auto energies = modulation.energies(bands);
    for (int b = 0; b < bands.rows; ++b) {
        for (int m = 0; m < kModulationBands; ++m) {
            row.add(fmt::format("modulation_{}_{}", b, m),
                    energies[static_cast<std::size_t>(b * kModulationBands + m)]);
        }
    }
    double overall = 0;
    for (int b = 0; b < bands.rows; ++b) overall += mean_of(bands.row(b)) / bands.rows;
    for (int b = 0; b < bands.rows; ++b) {
        const Moments moments = moments_of(bands.row(b));
        row.add(fmt::format("band_{}_skew", b), moments.skew);
        row.add(fmt::format("band_{}_kurtosis", b), moments.kurtosis);
        row.add(fmt::format("band_{}_level", b), moments.mean - overall);
    }
}

void add_pairs(FeatureRow& row, const FrameMatrix& bands) {
    for (int a = 0; a < bands.rows; ++a) {
        for (int b = a + 1; b < bands.rows; ++b) {
            row.add(fmt::format("together_{}_{}", a, b), correlation(bands.row(a), bands.row(b), 0));
        }
    }
    for (int a = 0; a < bands.rows; ++a) {
        for (int b = 0; b < bands.rows; ++b) {
            row.add(fmt::format("later_{}_{}", a, b), correlation(bands.row(a), bands.row(b), kLater));
        }
    }
}

}  // namespace

void add_rich(FeatureRow& row, const FrameMatrix& mel_db, const ModulationSpectrum& modulation) {
    const FrameMatrix bands = mean_of_neighbours(mel_db, kBands);
    add_band_figures(row, bands);
    add_flux(row, bands);
    add_modulation(row, bands, modulation);
    add_pairs(row, mean_of_neighbours(mel_db, kPairedBands));
}

}  // namespace kickdrum
