// SPDX-License-Identifier: MIT
// A clip at a glance: its mel spectrogram, small enough for dozens on a page.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace kickdrum {

constexpr int kSketchWidth = 72;
constexpr int kSketchHeight = 40;

// An address that holds the picture itself: "data:image/png;base64,...". 16 greys, black is loud, the low bands
// at the bottom, 60 dB. Empty where the audio can't be read.
std::string clip_sketch(const std::filesystem::path& audio);

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace kickdrum
