// SPDX-License-Identifier: MIT
// Audio files of every format that libsndfile reads (WAV, FLAC, OGG, MP3, AIFF, ...), decoded whole.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace kickdrum {

struct Audio {
    std::vector<float>
        samples;          // mono: the mean of the channels at the file's own rate; integers scaled to [-1, 1)
    int sample_rate = 0;  // Hz
    int channels = 0;     // of the file
};

// Why a file can't be used. what() is a sentence that says what is wrong and what to do; it doesn't name the
// file.
class AudioError : public std::runtime_error {
 public:
    enum class Kind { missing, unreadable, truncated, empty, silent, not_finite, wrong_length };
    AudioError(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    Kind kind() const { return kind_; }

 private:
    Kind kind_;
};

// Throws AudioError where there is no sound to learn from:
//   missing     no such file
//   unreadable  not permitted, not a file, or no audio format that libsndfile knows
//   truncated   the end is missing (see dsp/truncation.h), or it decodes to fewer samples than it announces
//   empty       no samples
//   silent      no sample above 1e-6, after mixing the channels
//   not_finite  NaN or infinity among the samples
// Safe to call from several threads. Prints nothing, but for one case: libsndfile's MP3 decoder writes a line
// to stderr about flipped bits inside a frame, and can't be told not to. MP3 of the "free" bitrate counts as
// unreadable.
Audio read_audio(const std::filesystem::path& file);

}  // namespace kickdrum
