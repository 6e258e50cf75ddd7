// SPDX-License-Identifier: MIT
#include "experiments/report/clip_sketch.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dsp/audio_file.h"
#include "dsp/clip_features.h"
#include "experiments/data/png.h"
#include "kernels/device/device.h"

namespace kickdrum {

std::string base64(std::string_view bytes) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
    }
    return text;
}

std::string clip_sketch(const std::filesystem::path& audio) {
    const ClipFeaturePlan plan({.log_mel = {.n_mels = 64, .top_db = 60},
                                .height = kSketchHeight,
                                .width = kSketchWidth,
                                .channels = {ClipChannel::value}},
                               best_simd_level());
    std::vector<float> picture(static_cast<std::size_t>(kSketchWidth) * kSketchHeight);
    try {
        plan.compute(audio, picture);
    } catch (const AudioError&) {
        return {};
    }
    std::vector<std::uint8_t> pixels;
    for (const float level : picture)
        pixels.push_back(
            static_cast<std::uint8_t>(17 * std::lround(15 * std::min(1.0F, std::max(0.0F, level)))));
    return "data:image/png;base64," + base64(encode_png(pixels, kSketchWidth, kSketchHeight, 1));
}

}  // namespace kickdrum
