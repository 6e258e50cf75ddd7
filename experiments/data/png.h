// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace kickdrum {

// The bytes of a PNG file, by libpng; the same pixels give the same bytes. pixels: [height, width, channels],
// the top row first; one channel: grey, three: red, green, blue. Throws UserError (failed) with libpng's
// reason.
std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels);

}  // namespace kickdrum
