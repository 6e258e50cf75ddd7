// SPDX-License-Identifier: MIT
#include "dsp/mpeg_audio.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace kickdrum {
namespace {

// kbit/s by bitrate index; 0: none.
using Bitrates = std::array<int, 16>;
constexpr Bitrates kMpeg1Layer1{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0};
constexpr Bitrates kMpeg1Layer2{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0};
constexpr Bitrates kMpeg1Layer3{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0};
constexpr Bitrates kMpeg2Layer1{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0};
constexpr Bitrates kMpeg2Layer23{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0};

// Junk between an ID3v2 tag and the first frame that is still looked through.
constexpr std::int64_t kSearch = 1 << 16;

const Bitrates& bitrates(bool mpeg1, int layer) {
    if (!mpeg1) return layer == 1 ? kMpeg2Layer1 : kMpeg2Layer23;
    return layer == 1 ? kMpeg1Layer1 : layer == 2 ? kMpeg1Layer2 : kMpeg1Layer3;
}

int frame_bytes(bool mpeg1, int layer, int bitrate, int rate, int padding) {
    if (layer == 1) return (12 * bitrate / rate + padding) * 4;
    return (layer == 3 && !mpeg1 ? 72 : 144) * bitrate / rate + padding;
}

std::optional<MpegFrame> frame_at(ByteWindow& bytes, std::int64_t position) {
    const auto header = bytes.at(position, 4);
    return header ? parse_mpeg_header(*header) : std::nullopt;
}

// Whether a frame of this kind is followed by another one, or goes up to the end of the file.
bool is_confirmed(ByteWindow& bytes, std::int64_t position, const MpegFrame& frame) {
    const std::int64_t next = position + frame.bytes;
    if (next == bytes.size()) return true;
    const auto following = frame_at(bytes, next);
    return following && following->kind == frame.kind;
}

// The end of the ID3v2 tags that the file begins with.
std::int64_t skip_id3(ByteWindow& bytes) {
    std::int64_t position = 0;
    for (;;) {
        const auto tag = bytes.at(position, 10);
        if (!tag || !tag->starts_with("ID3")) return position;
        std::int64_t size = 0;  // 4 times 7 bits
        for (const char byte : tag->substr(6)) size = size << 7 | (static_cast<unsigned char>(byte) & 0x7F);
        const bool has_footer = (static_cast<unsigned char>((*tag)[5]) & 0x10) != 0;
        position += 10 + size + (has_footer ? 10 : 0);
    }
}

struct Announced {
    std::int64_t frames = 0;  // 0: not said
    std::int64_t bytes = 0;   // from the frame that says it; 0: not said
};

// What the Xing (variable bitrate) or Info (constant) header in the first frame says.
std::optional<Announced> read_xing(ByteWindow& bytes, std::int64_t start, const MpegFrame& frame) {
    const auto tag = bytes.at(start + frame.tag_offset, 16);
    if (!tag || !(tag->starts_with("Xing") || tag->starts_with("Info"))) return std::nullopt;
    const std::uint64_t flags = ByteWindow::big_endian(tag->substr(4, 4));
    Announced announced;
    std::size_t field = 8;
    const auto next = [&] {
        const auto value = static_cast<std::int64_t>(ByteWindow::big_endian(tag->substr(field, 4)));
        field += 4;
        return value;
    };
    if ((flags & 1) != 0) announced.frames = next();
    if ((flags & 2) != 0) announced.bytes = next();
    return announced;
}

// The next frame of the stream at or after `position`, beyond whatever is no frame: tags, or damage.
std::optional<std::int64_t> resynchronise(ByteWindow& bytes, std::int64_t position, unsigned kind) {
    for (; position + 4 <= bytes.size(); ++position) {
        const auto frame = frame_at(bytes, position);
        if (frame && frame->kind == kind && is_confirmed(bytes, position, *frame)) return position;
    }
    return std::nullopt;
}

bool starts_like_header(ByteWindow& bytes, std::int64_t position) {
    const auto first = bytes.at(position, 1);
    if (!first || (*first)[0] != '\xFF') return false;
    const auto second = bytes.at(position + 1, 1);
    return !second || (static_cast<unsigned char>((*second)[0]) & 0xE0) == 0xE0;
}

// The first frame at or after `start` that is followed by another one; or that at `start` itself if the file
// ends in it.
std::optional<std::int64_t> find_first_frame(ByteWindow& bytes, std::int64_t start, std::int64_t end) {
    for (std::int64_t position = start; position < end; ++position) {
        const auto frame = frame_at(bytes, position);
        if (!frame) continue;
        const bool cut_at_once = position == start && position + frame->bytes > bytes.size();
        if (cut_at_once || is_confirmed(bytes, position, *frame)) return position;
    }
    return std::nullopt;
}

struct Walk {
    MpegAudio audio;
    std::int64_t frames = 0;
};

Walk walk_frames(ByteWindow& bytes, std::int64_t position, unsigned kind) {
    Walk walk;
    for (;;) {
        const std::int64_t rest = bytes.size() - position;
        if (rest < 4) {
            walk.audio.truncated = starts_like_header(bytes, position);
            return walk;
        }
        const auto frame = frame_at(bytes, position);
        if (!frame || frame->kind != kind) {
            const auto found = resynchronise(bytes, position, kind);
            if (!found) return walk;
            position = *found;
            continue;
        }
        if (frame->bytes > rest) {
            walk.audio.truncated = true;
            return walk;
        }
        std::vector<ByteRange>& ranges = walk.audio.frames;
        if (ranges.empty() || ranges.back().position + ranges.back().size != position)
            ranges.push_back({.position = position, .size = 0});
        ranges.back().size += frame->bytes;
        ++walk.frames;
        position += frame->bytes;
    }
}

bool has_fewer_than(const Announced& announced, std::int64_t frames, std::int64_t bytes) {
    if (announced.frames == 0) return false;
    // The frame with the header is no sound, and most encoders don't count it; some do. The bytes decide
    // then.
    const std::int64_t sound = frames - 1;
    return sound + 1 < announced.frames || (sound < announced.frames && bytes < announced.bytes);
}

}  // namespace

std::optional<MpegFrame> parse_mpeg_header(std::string_view header) {
    if (header.size() < 4) return std::nullopt;
    const auto bits = static_cast<unsigned>(ByteWindow::big_endian(header.substr(0, 4)));
    const unsigned version = bits >> 19 & 3;  // 0: 2.5, 2: 2, 3: 1
    const unsigned layer_code = bits >> 17 & 3;
    const unsigned rate_index = bits >> 10 & 3;
    if (bits >> 21 != 0x7FF || version == 1 || layer_code == 0 || rate_index == 3) return std::nullopt;

    const bool mpeg1 = version == 3;
    const int layer = 4 - static_cast<int>(layer_code);
    const int bitrate = bitrates(mpeg1, layer)[bits >> 12 & 15] * 1000;
    if (bitrate == 0) return std::nullopt;
    constexpr std::array<int, 3> kRates{44100, 48000, 32000};
    const int rate = kRates[rate_index] / (mpeg1 ? 1 : version == 2 ? 2 : 4);
    const int padding = static_cast<int>(bits >> 9 & 1);
    const bool mono = (bits >> 6 & 3) == 3;
    return MpegFrame{.bytes = frame_bytes(mpeg1, layer, bitrate, rate, padding),
                     .kind = version << 4 | layer_code << 2 | rate_index,
                     .tag_offset = 4 + (mpeg1 ? (mono ? 17 : 32) : (mono ? 9 : 17))};
}

std::optional<MpegAudio> read_mpeg_audio(ByteWindow& bytes) {
    const std::int64_t start = skip_id3(bytes);
    if (start == 0 && !starts_like_header(bytes, 0)) return std::nullopt;
    if (start > bytes.size()) return MpegAudio{.frames = {}, .truncated = true};
    if (const auto marker = bytes.at(start, 4); marker && *marker == "fLaC") return std::nullopt;

    const std::int64_t end = std::min(bytes.size(), start + (start == 0 ? 1 : kSearch));
    const auto first = find_first_frame(bytes, start, end);
    if (!first) return MpegAudio{};
    const MpegFrame frame = *frame_at(bytes, *first);
    Walk walk = walk_frames(bytes, *first, frame.kind);
    if (const auto announced = read_xing(bytes, *first, frame)) {
        if (has_fewer_than(*announced, walk.frames, bytes.size() - *first)) walk.audio.truncated = true;
    }
    return std::move(walk.audio);
}

}  // namespace kickdrum
