// SPDX-License-Identifier: MIT
// An audio file, decoded bit by bit: memory doesn't grow with its length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace kickdrum {

class AudioStream {
 public:
    // Throws AudioError (dsp/audio_file.h): missing, unreadable, truncated, empty.
    explicit AudioStream(const std::filesystem::path& file);
    ~AudioStream();
    AudioStream(const AudioStream&) = delete;
    AudioStream& operator=(const AudioStream&) = delete;

    int sample_rate() const;
    int channels() const;
    // Samples that the header promises; 0 where it doesn't say. It may lie.
    std::int64_t announced() const;

    // The next samples, the mean of the channels; fewer than there is room for at the end only. Throws
    // AudioError, truncated, where the file ends before what its header announces.
    std::size_t read(std::span<float> mono);

 private:
    struct Open;
    std::unique_ptr<Open> open_;
};

}  // namespace kickdrum
