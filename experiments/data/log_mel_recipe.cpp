// SPDX-License-Identifier: MIT
#include "experiments/data/log_mel_recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sndfile.h>
#include <soxr.h>

#include <algorithm>
#include <memory>

#include "dsp/clip_pictures.h"
#include "dsp/fingerprint.h"
#include "experiments/data/clip_length.h"
#include "experiments/data/feature_cache.h"
#include "experiments/data/scratch_pool.h"
#include "kernels/device/context.h"
#include "kernels/device/cuda_status.h"

namespace kickdrum {
namespace {

// To be raised whenever other code computes other features from the same settings.
constexpr int kVersion = 1;

constexpr int kFingerprintVersion = 1;

// The libraries and the instruction set may change the last bits; so a cached result is always the one that
// would be computed here and now.
std::string settings_text(const FeatureConfig& f, std::string_view computed_by) {
    const std::string pcen = f.kind != ClipKind::pcen || f.pcen == PcenSettings{}
                                 ? ""
                                 : fmt::format(" pcen={:a}/{:a}/{:a}/{:a}/{:a}", f.pcen.gain, f.pcen.bias,
                                               f.pcen.power, f.pcen.time_constant, f.pcen.eps);
    return fmt::format(
        "log_mel {} sample_rate={} n_fft={} hop_length={} n_mels={} fmin={:a} fmax={:a} top_db={:a} "
        "size={}x{} {} {} {} {} kind={} window={}/{} mel={} power={} absolute={} n_mfcc={} resize={} "
        "channels={} seconds={:a} length={}{}",
        kVersion, f.sample_rate, f.n_fft, f.hop_length, f.n_mels, f.fmin, f.fmax, f.top_db, f.height, f.width,
        f.image == ImageKind::smooth ? "float" : "specshow_gray", computed_by, ::sf_version_string(),
        ::soxr_version(), static_cast<int>(f.kind), static_cast<int>(f.window), f.win_length,
        static_cast<int>(f.mel_scale), f.power, f.absolute, f.n_mfcc, f.resize, fmt::join(f.channels, ","),
        f.seconds.value_or(0), static_cast<int>(f.length), pcen);
}

// "cuda NVIDIA H100 sm_90 13.0 12.0.0"
std::string gpu_text() {
    const CudaFacts facts = cuda_status().facts;
    const GpuFacts gpu = facts.gpus.empty() ? GpuFacts{} : facts.gpus.front();
    const auto fft = facts.libraries.find("cuFFT");
    return fmt::format("cuda {} {} {} {}", gpu.name, architecture_text(gpu.architecture),
                       cuda_version_text(facts.runtime), fft == facts.libraries.end() ? "" : fft->second);
}

// Fingerprints, by several threads.
class Describer {
 public:
    Describer(int sample_rate, SimdLevel simd) : plan_(sample_rate, simd) {}
    void compute(std::span<const float> samples, std::span<float> numbers) const {
        const auto scratch = scratches_.borrow();
        plan_.compute(samples, *scratch, numbers);
    }

 private:
    FingerprintPlan plan_;
    mutable ScratchPool<LogMelPlan::Scratch> scratches_;
};

}  // namespace

std::vector<std::string> channel_names() {
    return {"value", "without_mean", "difference", "delta"};
}

ClipFeatureSettings clip_feature_settings(const FeatureConfig& features) {
    ClipFeatureSettings settings{.log_mel = {.sample_rate = features.sample_rate,
                                             .n_fft = features.n_fft,
                                             .hop_length = features.hop_length,
                                             .n_mels = features.n_mels,
                                             .fmin = features.fmin,
                                             .fmax = features.fmax,
                                             .top_db = features.top_db,
                                             .win_length = features.win_length,
                                             .window = features.window,
                                             .mel_scale = features.mel_scale,
                                             .magnitude = features.power == 1,
                                             .absolute = features.absolute},
                                 .height = features.height,
                                 .width = features.width,
                                 .image = features.image,
                                 .kind = features.kind,
                                 .n_mfcc = features.n_mfcc,
                                 .pcen = features.pcen,
                                 .resize = features.resize,
                                 .channels = {}};
    const auto names = channel_names();
    for (const auto& name : features.channels)
        settings.channels.push_back(static_cast<ClipChannel>(std::ranges::find(names, name) - names.begin()));
    return settings;
}

FeatureRecipe log_mel_recipe(const FeatureConfig& features, Context* context, Fingerprints fingerprints) {
    const ClipFeatureSettings settings = clip_feature_settings(features);
    const auto values = static_cast<std::size_t>(features.clip_shape().count());
    const SimdLevel simd = best_simd_level();
    std::shared_ptr<const Describer> describer;
    if (fingerprints == Fingerprints::with)
        describer = std::make_shared<const Describer>(features.sample_rate, simd);
    const std::string described = describer ? fmt::format(" fingerprint={}", kFingerprintVersion) : "";
    const std::size_t beside = describer ? kFingerprintFrames : 0;
    const auto read = [describer, features](const std::filesystem::path& file, std::span<float> numbers) {
        std::vector<float> samples = read_clip(file, features);
        if (describer) describer->compute(samples, numbers);
        return samples;
    };
    if (is_plain(settings) && context != nullptr && context->device() == Device::cuda) {
        const auto pictures = std::make_shared<ClipPictures>(*context, settings);
        return {.settings = settings_text(features, gpu_text()) + described,
                .values = values + beside,
                .compute = {},
                .together = TogetherFeatures{.read = read,
                                             .compute =
                                                 [pictures](std::span<const std::vector<float>> clips,
                                                            std::span<const std::span<float>> images) {
                                                     pictures->compute(clips, images);
                                                 }},
                .beside = beside};
    }
    const auto plan = std::make_shared<const ClipFeaturePlan>(settings, simd);
    return {.settings = settings_text(features, to_string(simd)) + described,
            .values = values + beside,
            .compute = [plan, read, values](const std::filesystem::path& file, std::span<float> image) {
                plan->compute(read(file, image.subspan(values)), image.first(values));
            }};
}

}  // namespace kickdrum
