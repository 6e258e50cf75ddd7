// SPDX-License-Identifier: MIT
#include "experiments/data/demo/plan.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <utility>

namespace kickdrum::demo {
namespace {

// 0 .. count-1 in random order.
std::vector<int> shuffled(int count, Draws draws) {
    std::vector<int> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    for (int i = count - 1; i > 0; --i) {
        std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(draws.below(i + 1))]);
    }
    return order;
}

void mislabel(const DemoOptions& options, std::vector<PlannedClip>& clips) {
    const auto wrong =
        static_cast<std::size_t>(std::lround(options.wrong_labels * static_cast<double>(clips.size())));
    const std::vector<int> order =
        shuffled(static_cast<int>(clips.size()), Draws(options.seed, "demo/wrong_labels/which"));
    Draws shift(options.seed, "demo/wrong_labels/to");
    const int styles = static_cast<int>(kStyleNames.size());
    for (std::size_t i = 0; i < wrong; ++i) {
        Style& label = clips[static_cast<std::size_t>(order[i])].label;
        label = static_cast<Style>((static_cast<int>(label) + 1 + shift.below(styles - 1)) % styles);
    }
}

}  // namespace

Plan plan_demo_data(const DemoOptions& options) {
    const int styles = static_cast<int>(kStyleNames.size());
    const int tracks = styles * options.tracks_per_style;
    const std::vector<int> order = shuffled(tracks, Draws(options.seed, "demo/tracks"));
    Plan plan;
    for (int t = 0; t < tracks; ++t) {
        const Style style = static_cast<Style>(order[static_cast<std::size_t>(t)] % styles);
        plan.tracks.push_back(draw_track(options.seed, t, style));
        Draws start(options.seed, fmt::format("demo/track/{}/starts", t));
        int seconds = 20 + start.below(40);
        for (int c = 0; c < options.clips_per_track; ++c) {
            plan.clips.push_back({fmt::format("{}_{}", track_id(t), c + 1), t, c, style, seconds});
            seconds += static_cast<int>(std::ceil(options.seconds)) + start.below(40);
        }
    }
    mislabel(options, plan.clips);
    return plan;
}

std::string track_id(int track) {
    return fmt::format("track{:03}", track + 1);
}

std::string labels_header() {
    return fmt::format("sample_id,spot_id,clip_start,{}\n", fmt::join(kStyleNames, ","));
}

std::string labels_csv(const Plan& plan) {
    std::string text = labels_header();
    for (const PlannedClip& clip : plan.clips) {
        text +=
            fmt::format("{},{},{}:{:02}", clip.id, track_id(clip.track), clip.start / 60, clip.start % 60);
        for (std::size_t style = 0; style < kStyleNames.size(); ++style) {
            text += clip.label == static_cast<Style>(style) ? ",1" : ",0";
        }
        text += '\n';
    }
    return text;
}

}  // namespace kickdrum::demo
