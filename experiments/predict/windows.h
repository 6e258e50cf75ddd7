// SPDX-License-Identifier: MIT
// A track cut into overlapping windows, as its samples come.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace kickdrum {

struct TrackWindow {
    std::int64_t begin = 0;  // samples from the track's start
    std::vector<float> samples;
};

// Windows of `window` samples every `stride`. The last one lies at the end, so that all of the track is in a
// window. A track that is shorter, or longer by a tenth at most, is one window: a clip, to which an encoder may
// have added a little.
class WindowCutter {
 public:
    WindowCutter(std::int64_t window, std::int64_t stride);

    void push(std::span<const float> samples, std::vector<TrackWindow>& windows);
    void finish(std::vector<TrackWindow>& windows);

    std::int64_t samples() const { return seen_; }  // of the track so far

 private:
    std::int64_t window_;
    std::int64_t stride_;
    std::int64_t seen_ = 0;
    std::int64_t next_ = 0;     // where the next window begins
    std::int64_t covered_ = 0;  // where the last one ended
    std::vector<float> tail_;   // the last samples, from kept_ on
    std::int64_t kept_ = 0;
};

}  // namespace kickdrum
