// SPDX-License-Identifier: MIT
#include "experiments/predict/windows.h"

#include <algorithm>

#include "kernels/device/error.h"

namespace kickdrum {

WindowCutter::WindowCutter(std::int64_t window, std::int64_t stride) : window_(window), stride_(stride) {
    require(window >= 1 && stride >= 1, "windows of {} samples every {}", window, stride);
}

void WindowCutter::push(std::span<const float> samples, std::vector<TrackWindow>& windows) {
    tail_.insert(tail_.end(), samples.begin(), samples.end());
    seen_ += std::ssize(samples);
    while (next_ + window_ <= seen_ && seen_ > window_ + window_ / 10) {
        const auto from = tail_.begin() + (next_ - kept_);
        windows.push_back({.begin = next_, .samples = {from, from + window_}});
        covered_ = next_ + window_;
        next_ += stride_;
    }
    // What the next window needs, or one at the end.
    const std::int64_t needed = std::min(next_, std::max<std::int64_t>(0, seen_ - window_));
    if (needed - kept_ > window_) {
        tail_.erase(tail_.begin(), tail_.begin() + (needed - kept_));
        kept_ = needed;
    }
}

void WindowCutter::finish(std::vector<TrackWindow>& windows) {
    if (seen_ == 0 || covered_ == seen_) return;
    const bool is_clip = seen_ <= window_ + window_ / 10;
    const std::int64_t begin = is_clip ? 0 : seen_ - window_;
    windows.push_back({.begin = begin, .samples = {tail_.begin() + (begin - kept_), tail_.end()}});
    covered_ = seen_;
}

}  // namespace kickdrum
