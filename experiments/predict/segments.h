// SPDX-License-Identifier: MIT
// From the probabilities of overlapping windows to the segments of a track.
//
// Time is cut into steps of the stride. A step's probabilities are the mean over the windows that its middle
// lies in; windows of silence don't count. The steps are then joined: a segment goes on until another class is
// more probable than the segment's by at least `hysteresis`. A segment's probabilities are the mean over its
// steps, by their length.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kickdrum {

constexpr int kSilence = -1;

struct Segment {
    double begin = 0;  // seconds
    double end = 0;
    int label = kSilence;               // a class, or kSilence
    std::vector<double> probabilities;  // by class; none of silence
};

struct ScoredWindow {
    double begin = 0;
    double end = 0;
    std::vector<float> probabilities;  // none: silence
};

// Windows come in the order of their beginnings.
class SegmentBuilder {
 public:
    SegmentBuilder(int classes, double stride, double hysteresis);

    // Segments that end before a later window could change them are appended to `done`.
    void add(const ScoredWindow& window, std::vector<Segment>& done);
    void finish(double track_end, std::vector<Segment>& done);

    // All steps so far that are settled, for the picture of a track.
    const std::vector<Segment>& steps() const { return steps_; }

 private:
    struct Step {
        std::vector<double> sums;
        int windows = 0;
        bool covered = false;
    };
    void settle(std::size_t count, double track_end, std::vector<Segment>& done);
    void join(const Segment& step, std::vector<Segment>& done);

    int classes_;
    double stride_;
    double hysteresis_;
    std::size_t settled_ = 0;  // steps before it are in steps_
    std::vector<Step> open_;   // from settled_ on
    std::vector<Segment> steps_;
    std::optional<Segment> current_;  // probabilities are sums, by seconds
};

// The classes of these probabilities from the most probable on; the first of equals first.
std::vector<int> ranking(std::span<const double> probabilities);

}  // namespace kickdrum
