// SPDX-License-Identifier: MIT
#pragma once

#include "dsp/byte_window.h"

namespace kickdrum {

// Whether the end of an audio file is missing, by its container's own structure; decoders mostly hide it:
// they play what is there, and report its length as if it were the file's.
//   MP3 (MPEG-1, -2, -2.5, any layer)  the last frame goes beyond the end of the file, or there are fewer
//   frames than
//                                      the Xing/Info header announces (dsp/mpeg_audio.h checks this)
//   WAV, RF64, AIFF                    the chunk with the samples goes beyond the end of the file
//   OGG (Vorbis, Opus, FLAC)           the last page goes beyond the end, or isn't marked as a stream's last
//   one
// A cut exactly between two MP3 frames of a file without a Xing/Info header leaves a valid file: it can't be
// seen. False for formats that aren't listed; FLAC announces its length to the decoder.
bool is_truncated(ByteWindow& bytes);

}  // namespace kickdrum
