// SPDX-License-Identifier: MIT
// Pictures as clips: PNG and JPEG files, as the network sees them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace kickdrum {

struct Picture {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;  // [height, width, 3], the top row first
};

// Told apart by their first bytes. Transparency is left out: a pixel's colour counts as if it were opaque.
// Throws AudioError, which is every unusable clip's, for bytes that are no whole PNG or JPEG, and for more
// than 100 million pixels.
Picture decode_picture(std::string_view bytes);
Picture read_picture(const std::filesystem::path& file);

// From 0 to 1: [height, width, channels] of a picture, channels 1 (0.299 R + 0.587 G + 0.114 B, as Rec. 601) or
// 3, resized bilinearly: a pixel of the result is interpolated between the four source pixels around its
// centre, at (x + 0.5) * source / size - 0.5, as OpenCV's INTER_LINEAR and TensorFlow's tf.image.resize do.
// There is no smoothing first.
void resize_picture(const Picture& picture, int height, int width, int channels, std::span<float> dst);

}  // namespace kickdrum
