// SPDX-License-Identifier: MIT
#include "dsp/truncation.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kickdrum {
namespace {

// RIFF and AIFF are the same idea in two byte orders: a header of 12 bytes, then chunks of 4 bytes name, 4
// bytes size, the content, and a byte of padding after an odd size.
struct ChunkFormat {
    bool little_endian = true;
    std::string_view samples;  // the chunk that holds them

    std::int64_t number(std::string_view bytes) const {
        return static_cast<std::int64_t>(little_endian ? ByteWindow::little_endian(bytes)
                                                       : ByteWindow::big_endian(bytes));
    }
};

std::optional<ChunkFormat> chunk_format(std::string_view head) {
    const std::string_view outer = head.substr(0, 4);
    const std::string_view form = head.substr(8, 4);
    if (form == "WAVE" && (outer == "RIFF" || outer == "RF64")) return ChunkFormat{true, "data"};
    if (form == "WAVE" && outer == "RIFX") return ChunkFormat{false, "data"};
    if ((form == "AIFF" || form == "AIFC") && outer == "FORM") return ChunkFormat{false, "SSND"};
    return std::nullopt;
}

bool are_chunks_truncated(ByteWindow& bytes, const ChunkFormat& format) {
    // Who writes to a pipe doesn't know the size and announces 2 or 4 GiB, more or less.
    constexpr std::int64_t kUnknown = 0x7FFF0000;
    std::int64_t long_size = 0;  // of the samples, in a file of more than 4 GiB (RF64)
    for (std::int64_t position = 12;;) {
        const auto head = bytes.at(position, 8);
        if (!head) return false;
        const bool is_samples = head->substr(0, 4) == format.samples;
        const bool is_long_sizes = head->substr(0, 4) == "ds64";
        std::int64_t size = format.number(head->substr(4, 4));
        if (is_samples) {
            if (long_size != 0) size = long_size;
            return (long_size != 0 || size < kUnknown) && position + 8 + size > bytes.size();
        }
        if (is_long_sizes) {
            if (const auto sizes = bytes.at(position + 16, 8)) long_size = format.number(*sizes);
        }
        position += 8 + size + (size & 1);
    }
}

// OGG is a row of pages: 27 bytes of header, as many bytes as it has segments, and these bytes' sum of
// content.
bool is_ogg_truncated(ByteWindow& bytes) {
    constexpr unsigned kLastPage = 4;
    bool is_last = false;
    for (std::int64_t position = 0; position < bytes.size();) {
        const auto head = bytes.at(position, 27);
        if (!head) return !is_last;
        if (!head->starts_with("OggS")) {
            if (is_last) return false;  // a tag after the end
            ++position;
            continue;
        }
        const bool marked = (static_cast<unsigned char>((*head)[5]) & kLastPage) != 0;
        const int segments = static_cast<unsigned char>((*head)[26]);
        std::int64_t size = 27 + segments;
        for (int segment = 0; segment < segments; ++segment) {
            const auto length = bytes.at(position + 27 + segment, 1);
            if (!length) return true;
            size += static_cast<unsigned char>((*length)[0]);
        }
        if (size > bytes.size() - position) return true;
        is_last = marked;
        position += size;
    }
    return !is_last;
}

}  // namespace

bool is_truncated(ByteWindow& bytes) {
    const auto head = bytes.at(0, 12);
    if (!head) return false;
    if (const auto format = chunk_format(*head)) return are_chunks_truncated(bytes, *format);
    return head->starts_with("OggS") && is_ogg_truncated(bytes);
}

}  // namespace kickdrum
