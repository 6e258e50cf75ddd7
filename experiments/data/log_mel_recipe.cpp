// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sndfile.h>
#include <soxr.h>

#include <memory>

#include "dsp/clip_features.h"
#include "experiments/data/feature_cache.h"
#include "kernels/device/device.h"

namespace kickdrum {
namespace {

// To be raised whenever other code computes other features from the same settings.
constexpr int kVersion = 1;

// The libraries and the instruction set may change the last bits; so a cached result is always the one that
// would be computed here and now.
std::string settings_text(const FeatureConfig& f, SimdLevel simd) {
    return fmt::format(
        "log_mel {} sample_rate={} n_fft={} hop_length={} n_mels={} fmin={:a} fmax={:a} top_db={:a} "
        "size={}x{} {} {} {}",
        kVersion, f.sample_rate, f.n_fft, f.hop_length, f.n_mels, f.fmin, f.fmax, f.top_db, f.height, f.width,
        to_string(simd), ::sf_version_string(), ::soxr_version());
}

}  // namespace

FeatureRecipe log_mel_recipe(const FeatureConfig& features) {
    const ClipFeatureSettings settings{.log_mel = {.sample_rate = features.sample_rate,
                                                   .n_fft = features.n_fft,
                                                   .hop_length = features.hop_length,
                                                   .n_mels = features.n_mels,
                                                   .fmin = features.fmin,
                                                   .fmax = features.fmax,
                                                   .top_db = features.top_db},
                                       .height = features.height,
                                       .width = features.width};
    const SimdLevel simd = best_simd_level();
    const auto plan = std::make_shared<const ClipFeaturePlan>(settings, simd);
    return {.settings = settings_text(features, simd),
            .values = static_cast<std::size_t>(features.height) * static_cast<std::size_t>(features.width),
            .compute = [plan](const std::filesystem::path& file, std::span<float> image) {
                plan->compute(file, image);
            }};
}

}  // namespace kickdrum
