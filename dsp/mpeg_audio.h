// SPDX-License-Identifier: MIT
// The frames of an MPEG audio stream (ISO/IEC 11172-3 and 13818-3, and the unofficial 2.5), without decoding
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dsp/byte_window.h"

namespace kickdrum {

struct MpegFrame {
    int bytes = 0;       // with its header
    unsigned kind = 0;   // version, layer and sampling rate: the same for all frames of a stream
    int tag_offset = 0;  // where a Xing or Info header would be
};

// The frame that these 4 bytes announce. Nothing if it's no header, or one of the "free" bitrate, whose
// length isn't written in it.
std::optional<MpegFrame> parse_mpeg_header(std::string_view header);

// A part of a file, in bytes.
struct ByteRange {
    std::int64_t position = 0;
    std::int64_t size = 0;
};

struct MpegAudio {
    std::vector<ByteRange> frames;  // the whole frames, and nothing else: no tags, no damage between them
    bool truncated = false;         // see dsp/truncation.h
};

// Reads a file that begins as MPEG audio does: with a frame, or with an ID3v2 tag that no FLAC follows.
// Nothing if it doesn't; no frames and not truncated if it only looked so.
std::optional<MpegAudio> read_mpeg_audio(ByteWindow& bytes);

}  // namespace kickdrum
