// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace kickdrum {

// Changes the sampling rate (Hz, at least 1) of one channel: libsoxr's quality HQ over the whole signal at
// once, as librosa.resample does by default. The result has ceil(n * to / from) samples; at equal rates it's
// a copy. Throws std::invalid_argument for a rate below 1, std::runtime_error if libsoxr fails.
std::vector<float> resample(std::span<const float> samples, int from_rate, int to_rate);

// The same of a signal that comes in pieces. Its samples differ from resample()'s by rounding only; at the end
// there may be one sample less or more.
class StreamResampler {
 public:
    StreamResampler(int from_rate, int to_rate);
    ~StreamResampler();
    StreamResampler(const StreamResampler&) = delete;
    StreamResampler& operator=(const StreamResampler&) = delete;

    // Appends what follows from this piece and those before it.
    void push(std::span<const float> samples, std::vector<float>& resampled);
    // Appends the rest; the signal has ended.
    void finish(std::vector<float>& resampled);

 private:
    void process(std::span<const float> samples, bool end, std::vector<float>& resampled);

    struct State;
    std::unique_ptr<State> state_;  // null: the rates are equal
};

}  // namespace kickdrum
