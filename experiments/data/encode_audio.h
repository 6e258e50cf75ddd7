// SPDX-License-Identifier: MIT
// Mono samples as the bytes of an audio file, by libsndfile. The same samples give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kickdrum {

enum class AudioFormat : std::uint8_t {
    flac,  // 16 bits
    wav,   // 16 bits
    ogg,   // Vorbis, about 100 kbit/s
    mp3,   // about 100 kbit/s
    flac24,
    wav24,
    wav_float,  // 32 bits, beyond [-1, 1] too
};

std::string_view extension(AudioFormat format);  // "flac", ...

// `wanted`, or FLAC or WAV where this computer's libsndfile can't write it (MP3 needs 1.1 and its libraries).
AudioFormat writable_format(AudioFormat wanted);

// Whether this computer's libsndfile can write the format, at this rate.
bool can_write(AudioFormat format, int sample_rate);

// Integers clip what lies outside of [-1, 1). `serial` is the number of an OGG file's only stream. Throws
// UserError (failed) with libsndfile's reason.
std::string encode_audio(std::span<const float> samples, int sample_rate, AudioFormat format,
                         std::uint32_t serial);

}  // namespace kickdrum
