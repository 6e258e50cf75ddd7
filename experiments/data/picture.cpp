// SPDX-License-Identifier: MIT
#include "experiments/data/picture.h"

#include <fmt/format.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>

#include "dsp/audio_file.h"
#include "experiments/data/feature_cache.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr std::int64_t kMostPixels = 100'000'000;

[[noreturn]] void refuse(const std::string& reason) {
    throw AudioError(AudioError::Kind::unreadable, reason);
}

Picture blank(std::int64_t width, std::int64_t height) {
    if (width < 1 || height < 1 || width > kMostPixels || height > kMostPixels ||
        width * height > kMostPixels) {
        refuse(fmt::format("the picture has {} x {} pixels; at most {} million are read", width, height,
                           kMostPixels / 1'000'000));
    }
    return {.width = static_cast<int>(width),
            .height = static_cast<int>(height),
            .rgb = std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height))};
}

Picture decode_png(std::string_view bytes) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    const std::unique_ptr<png_image, void (*)(png_image*)> held(
        &image, [](png_image* used) { ::png_image_free(used); });
    const auto damaged = [&] {
        refuse(fmt::format("the PNG file can't be read ({}); export it again", image.message));
    };
    if (::png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) damaged();
    Picture picture = blank(image.width, image.height);
    image.format = PNG_FORMAT_RGBA;
    std::vector<std::uint8_t> rgba(picture.rgb.size() / 3 * 4);
    if (::png_image_finish_read(&image, nullptr, rgba.data(), 0, nullptr) == 0) damaged();
    for (std::size_t i = 0; i < rgba.size() / 4; ++i) std::copy_n(&rgba[4 * i], 3, &picture.rgb[3 * i]);
    return picture;
}

Picture decode_jpeg(std::string_view bytes) {
    const std::unique_ptr<void, int (*)(tjhandle)> decoder(::tjInitDecompress(), ::tjDestroy);
    const auto damaged = [&] {
        refuse(fmt::format("the JPEG file can't be read ({}); export it again",
                           ::tjGetErrorStr2(decoder.get())));
    };
    const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
    int width = 0;
    int height = 0;
    int subsampling = 0;
    int colours = 0;
    if (::tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height, &subsampling, &colours) !=
        0)
        damaged();
    Picture picture = blank(width, height);
    // Half a picture comes with a warning, and counts as none.
    if (::tjDecompress2(decoder.get(), data, bytes.size(), picture.rgb.data(), width, 0, height, TJPF_RGB,
                        TJFLAG_STOPONWARNING | TJFLAG_ACCURATEDCT) != 0)
        damaged();
    return picture;
}

// Where a pixel of the result lies between two of the source.
struct Between {
    std::size_t first = 0;
    std::size_t second = 0;
    float share = 0;  // of the second
};

std::vector<Between> between(int source, int size) {
    std::vector<Between> places;
    const double step = static_cast<double>(source) / size;
    for (int i = 0; i < size; ++i) {
        const double place = std::clamp((i + 0.5) * step - 0.5, 0.0, static_cast<double>(source - 1));
        const auto first = static_cast<std::size_t>(place);
        places.push_back({.first = first,
                          .second = std::min(first + 1, static_cast<std::size_t>(source - 1)),
                          .share = static_cast<float>(place - static_cast<double>(first))});
    }
    return places;
}

float value(const std::uint8_t* rgb, int channels, int channel) {
    if (channels == 3) return static_cast<float>(rgb[channel]) / 255;
    return (0.299F * static_cast<float>(rgb[0]) + 0.587F * static_cast<float>(rgb[1]) +
            0.114F * static_cast<float>(rgb[2])) /
           255;
}

}  // namespace

Picture decode_picture(std::string_view bytes) {
    if (bytes.empty()) refuse("the file is empty; remove it or export it again");
    if (bytes.starts_with("\x89PNG")) return decode_png(bytes);
    if (bytes.starts_with("\xff\xd8\xff")) return decode_jpeg(bytes);
    refuse("this is neither a PNG nor a JPEG file; convert it");
}

Picture read_picture(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    if (!stream.good() && !stream.eof()) refuse("the file can't be read; check its permissions");
    return decode_picture(bytes);
}

void resize_picture(const Picture& picture, int height, int width, int channels, std::span<float> dst) {
    require(channels == 1 || channels == 3, "a picture of {} channels", channels);
    require(std::ssize(dst) == std::int64_t{height} * width * channels, "{} values for {} x {} x {}",
            dst.size(), height, width, channels);
    const std::vector<Between> rows = between(picture.height, height);
    const std::vector<Between> columns = between(picture.width, width);
    const auto at = [&](std::size_t row, std::size_t column, int channel) {
        const std::size_t pixel = row * static_cast<std::size_t>(picture.width) + column;
        return value(&picture.rgb[3 * pixel], channels, channel);
    };
    float* to = dst.data();
    for (const Between& row : rows) {
        for (const Between& column : columns) {
            for (int channel = 0; channel < channels; ++channel) {
                const float top = std::lerp(at(row.first, column.first, channel),
                                            at(row.first, column.second, channel), column.share);
                const float bottom = std::lerp(at(row.second, column.first, channel),
                                               at(row.second, column.second, channel), column.share);
                *to++ = std::lerp(top, bottom, row.share);
            }
        }
    }
}

FeatureRecipe picture_recipe(const FeatureConfig& features) {
    const int height = features.height;
    const int width = features.width;
    const auto channels = static_cast<int>(features.channel_count());
    return {.settings = fmt::format("picture 1 size={}x{} channels={}", height, width, channels),
            .values = static_cast<std::size_t>(features.clip_shape().count()),
            .compute = [=](const std::filesystem::path& file, std::span<float> image) {
                resize_picture(read_picture(file), height, width, channels, image);
            }};
}

}  // namespace kickdrum
