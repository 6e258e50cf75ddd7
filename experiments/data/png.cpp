// SPDX-License-Identifier: MIT
#include "experiments/data/png.h"

#include <fmt/format.h>
#include <png.h>

#include "experiments/diagnostics.h"
#include "kernels/device/error.h"

namespace kickdrum {

std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels) {
    require(width >= 1 && height >= 1 && (channels == 1 || channels == 3) &&
                std::ssize(pixels) == std::int64_t{width} * height * channels,
            "png: {} bytes aren't {} x {} pixels of {} channels", pixels.size(), width, height, channels);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width);
    image.height = static_cast<png_uint_32>(height);
    image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::string bytes(size, '\0');
    if (::png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0)
        throw UserError(ExitCode::failed, fmt::format("libpng can't write a picture: {}", image.message));
    bytes.resize(size);
    return bytes;
}

}  // namespace kickdrum
