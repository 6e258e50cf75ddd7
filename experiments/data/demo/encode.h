// SPDX-License-Identifier: MIT
// Mono samples as the bytes of an audio file, by libsndfile. The same samples give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kickdrum::demo {

enum class FileFormat { flac, wav, ogg, mp3 };

std::string_view extension(FileFormat format);  // "flac", ...

// `wanted`, or FLAC or WAV where this computer's libsndfile can't write it (MP3 needs 1.1 and its libraries).
FileFormat writable_format(FileFormat wanted);

// 16 bits in FLAC and WAV; about 100 kbit/s in OGG Vorbis and MP3. `serial` is the number of an OGG file's
// only stream. Throws UserError (failed) with libsndfile's reason.
std::string encode_audio(std::span<const float> samples, int sample_rate, FileFormat format,
                         std::uint32_t serial);

}  // namespace kickdrum::demo
