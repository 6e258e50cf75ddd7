// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

namespace kickdrum {

// The bytes of a file by position, read through a window, so that walking the headers of a long file needs
// neither all of its memory nor a system call per header.
class ByteWindow {
 public:
    explicit ByteWindow(const std::filesystem::path& file);

    std::int64_t size() const { return size_; }

    // `count` bytes (at most 64 Ki) at `position`; nothing if the file ends before. Valid until the next
    // call.
    std::optional<std::string_view> at(std::int64_t position, std::size_t count);

    // Integers of 1 to 8 bytes out of such bytes.
    static std::uint64_t big_endian(std::string_view bytes);
    static std::uint64_t little_endian(std::string_view bytes);

 private:
    std::ifstream stream_;
    std::int64_t size_ = 0;
    std::int64_t start_ = 0;
    std::vector<char> window_;
};

}  // namespace kickdrum
