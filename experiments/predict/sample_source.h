// SPDX-License-Identifier: MIT
// Where the sound of a prediction comes from: files, and streams that can't be rewound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace kickdrum {

class SampleSource {
 public:
    virtual ~SampleSource() = default;
    virtual int sample_rate() const = 0;
    // The next samples, the mean of the channels; fewer than there is room for at the end only. Throws
    // AudioError.
    virtual std::size_t read(std::span<float> mono) = 0;
};

enum class RawFormat : std::uint8_t { s16le, s24le, s32le, f32le, f64le, u8 };

// How samples without a header are written.
struct RawSettings {
    RawFormat format = RawFormat::s16le;
    int sample_rate = 44100;
    int channels = 1;
};

// Both throw AudioError where there is no sound that can be read.
std::unique_ptr<SampleSource> file_source(const std::filesystem::path& file);
// Of an open descriptor, to its end: WAV, whose header's length isn't trusted; or, with settings, raw samples.
// The descriptor stays the caller's.
std::unique_ptr<SampleSource> wav_source(int descriptor);
std::unique_ptr<SampleSource> raw_source(int descriptor, const RawSettings& settings);

}  // namespace kickdrum
