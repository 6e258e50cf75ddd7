// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kickdrum {

// XXH3-128 of some content.
struct ContentHash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    auto operator<=>(const ContentHash&) const = default;
};

ContentHash content_hash(std::string_view bytes);
// Of the parts one behind the other.
ContentHash content_hash(std::span<const std::string_view> parts);
std::string to_string(const ContentHash& hash);  // 32 hexadecimal digits
// Nothing if the file can't be read.
std::optional<ContentHash> content_hash_of(const std::filesystem::path& file);

// What tells a file that was changed from one that wasn't, without reading it.
struct FileStamp {
    std::int64_t size = 0;         // bytes
    std::int64_t modified_ns = 0;  // since 1970
    auto operator<=>(const FileStamp&) const = default;
};

// Nothing if there is no such file.
std::optional<FileStamp> stamp_of(const std::filesystem::path& file);

}  // namespace kickdrum

template <>
struct std::hash<kickdrum::ContentHash> {
    std::size_t operator()(const kickdrum::ContentHash& content) const noexcept { return content.low; }
};
