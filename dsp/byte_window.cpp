// SPDX-License-Identifier: MIT
#include "dsp/byte_window.h"

#include <algorithm>

namespace kickdrum {
namespace {

constexpr std::int64_t kWindow = 1 << 16;

}  // namespace

ByteWindow::ByteWindow(const std::filesystem::path& file) : stream_(file, std::ios::binary) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error && stream_) size_ = static_cast<std::int64_t>(size);
}

std::optional<std::string_view> ByteWindow::at(std::int64_t position, std::size_t count) {
    const auto wanted = static_cast<std::int64_t>(count);
    if (position < 0 || position > size_ - wanted) return std::nullopt;
    if (position < start_ || position + wanted > start_ + static_cast<std::int64_t>(window_.size())) {
        window_.resize(static_cast<std::size_t>(std::min(kWindow, size_ - position)));
        start_ = position;
        stream_.clear();
        stream_.seekg(position);
        stream_.read(window_.data(), static_cast<std::streamsize>(window_.size()));
        window_.resize(static_cast<std::size_t>(stream_.gcount()));
        if (static_cast<std::int64_t>(window_.size()) < wanted) return std::nullopt;
    }
    return std::string_view(window_.data(), window_.size())
        .substr(static_cast<std::size_t>(position - start_), count);
}

std::uint64_t ByteWindow::big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

std::uint64_t ByteWindow::little_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

}  // namespace kickdrum
