// SPDX-License-Identifier: MIT
// Windows, segments and their texts.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "experiments/predict/prediction_text.h"
#include "experiments/predict/segments.h"
#include "experiments/predict/windows.h"

namespace kickdrum {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::vector<std::pair<std::int64_t, std::int64_t>> windows_of(std::int64_t samples, std::size_t piece) {
    WindowCutter cutter(8, 3);
    std::vector<TrackWindow> windows;
    std::vector<float> track;
    for (std::int64_t i = 0; i < samples; ++i) track.push_back(static_cast<float>(i));
    for (std::size_t at = 0; at < track.size(); at += piece)
        cutter.push(std::span(track).subspan(at, std::min(piece, track.size() - at)), windows);
    cutter.finish(windows);
    std::vector<std::pair<std::int64_t, std::int64_t>> bounds;
    for (const auto& window : windows) {
        EXPECT_EQ(window.samples.front(), static_cast<float>(window.begin));
        EXPECT_EQ(window.samples.back(), static_cast<float>(window.begin + std::ssize(window.samples) - 1));
        bounds.emplace_back(window.begin, std::ssize(window.samples));
    }
    return bounds;
}

TEST(WindowCutter, CoversTheTrackWhateverThePieces) {
    for (const std::size_t piece : {1U, 5U, 100U}) {
        EXPECT_THAT(windows_of(15, piece), ElementsAre(Pair(0, 8), Pair(3, 8), Pair(6, 8), Pair(7, 8)));
        EXPECT_THAT(windows_of(14, piece), ElementsAre(Pair(0, 8), Pair(3, 8), Pair(6, 8)));
        EXPECT_THAT(windows_of(8, piece), ElementsAre(Pair(0, 8)));
        EXPECT_THAT(windows_of(5, piece), ElementsAre(Pair(0, 5)));
        EXPECT_THAT(windows_of(0, piece), ElementsAre());
    }
    EXPECT_EQ(windows_of(1000, 7).size(), 332U);
}

std::vector<Segment> segments_of(SegmentBuilder& builder, const std::vector<ScoredWindow>& windows,
                                 double end) {
    std::vector<Segment> segments;
    for (const auto& window : windows) builder.add(window, segments);
    builder.finish(end, segments);
    return segments;
}

ScoredWindow scored(double begin, double end, float first) {
    return {.begin = begin, .end = end, .probabilities = {first, 1 - first}};
}

TEST(WindowCutter, TakesAClipWithALittleMoreAsOneWindow) {
    WindowCutter cutter(100, 50);
    std::vector<TrackWindow> windows;
    cutter.push(std::vector<float>(110), windows);
    EXPECT_TRUE(windows.empty());
    cutter.finish(windows);
    ASSERT_EQ(windows.size(), 1U);
    EXPECT_EQ(windows[0].samples.size(), 110U);
}

TEST(SegmentBuilder, AveragesOverTheWindowsOfAStep) {
    SegmentBuilder builder(2, 1, 0);
    const auto segments =
        segments_of(builder, {scored(0, 2, 1), scored(1, 3, 0.5), scored(2, 4, 0), scored(2.5, 4.5, 0)}, 4.5);
    // Middles 0.5, 1.5, 2.5 and 3.5; the last step takes the half second behind it.
    std::vector<double> first;
    for (const Segment& step : builder.steps()) first.push_back(step.probabilities.at(0));
    EXPECT_THAT(first, ElementsAre(1, 0.75, DoubleNear(0.5 / 3, 1e-6), 0));
    EXPECT_EQ(builder.steps().back().end, 4.5);
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments[0].end, 2);
    EXPECT_NEAR(segments[0].probabilities.at(0), 0.875, 1e-9);
    EXPECT_EQ(segments[1].label, 1);
    EXPECT_NEAR(segments[1].probabilities.at(0), 0.5 / 3 / 2.5, 1e-6);  // by length: 1 and 1.5 s
}

TEST(SegmentBuilder, NeedsAMarginForANewSegment) {
    const std::vector<ScoredWindow> windows{scored(0, 1, 0.6F), scored(1, 2, 0.48F), scored(2, 3, 0.6F),
                                            scored(3, 4, 0.4F), scored(4, 5, 0.48F)};
    SegmentBuilder without(2, 1, 0);
    EXPECT_EQ(segments_of(without, windows, 5).size(), 4U);
    SegmentBuilder with(2, 1, 0.1);
    const auto segments = segments_of(with, windows, 5);
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments[0].label, 0);
    EXPECT_EQ(segments[0].end, 3);
    EXPECT_EQ(segments[1].label, 1);
}

TEST(SegmentBuilder, GivesSilenceNoClass) {
    const std::vector<ScoredWindow> windows{
        scored(0, 1, 0.9F), {.begin = 1, .end = 2, .probabilities = {}}, scored(2, 3, 0.9F)};
    SegmentBuilder builder(2, 1, 0.1);
    const auto segments = segments_of(builder, windows, 3);
    ASSERT_EQ(segments.size(), 3U);
    EXPECT_EQ(segments[1].label, kSilence);
    EXPECT_TRUE(segments[1].probabilities.empty());
    EXPECT_EQ(segments[2].begin, 2);
}

TEST(SegmentBuilder, TellsAStreamAsSoonAsItCan) {
    SegmentBuilder builder(2, 1, 0);
    std::vector<Segment> done;
    builder.add(scored(0, 2, 1), done);
    builder.add(scored(1, 3, 0), done);
    builder.add(scored(2, 4, 0), done);
    EXPECT_TRUE(done.empty());  // step 1 is a tie of both, and goes to the first class
    builder.add(scored(3, 5, 0), done);
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].end, 2);
}

TrackResult track_of(std::vector<Segment> segments, double seconds) {
    TrackResult track;
    track.name = "a,b.mp3";
    track.seconds = seconds;
    track.steps = segments;
    track.segments = std::move(segments);
    return track;
}

TEST(PredictionText, IsForProgramsAndForPeople) {
    const std::vector<std::string> classes{"kick & co", "snare"};
    const TrackResult track =
        track_of({{.begin = 0, .end = 62, .label = 1, .probabilities = {0.25, 0.75}},
                  {.begin = 62, .end = 3700.25, .label = kSilence, .probabilities = {}}},
                 3700.25);
    EXPECT_EQ(csv_header(classes), "file,start,end,label,p_kick & co,p_snare\n");
    EXPECT_EQ(csv_line(classes, track.name, track.segments[0]),
              "\"a,b.mp3\",0.000,62.000,snare,0.250000,0.750000\n");
    EXPECT_EQ(csv_line(classes, track.name, track.segments[1]), "\"a,b.mp3\",62.000,3700.250,silence,,\n");
    EXPECT_EQ(audacity_labels(classes, track),
              "0.000000\t62.000000\tsnare\n62.000000\t3700.250000\tsilence\n");
    EXPECT_EQ(text_line(classes, "x", track.segments[0], 2),
              "x     0:00.0 -    1:02.0  snare 0.75, kick & co 0.25\n");
    EXPECT_EQ(clock(3700.25), "1:01:40.3");
    const auto json = prediction_json(classes, track, 0);
    EXPECT_EQ(json.dump(), R"([{"file":"a,b.mp3","start":0.0,"end":62.0,"label":"snare",)"
                           R"("probabilities":{"kick & co":0.25,"snare":0.75}},)"
                           R"({"file":"a,b.mp3","start":62.0,"end":3700.25,"label":"silence",)"
                           R"("probabilities":{}}])");
    EXPECT_EQ(prediction_json(classes, track, 1)[0]["probabilities"].dump(), R"({"snare":0.75})");
    const std::string svg = timeline_svg(classes, track);
    EXPECT_THAT(svg, HasSubstr("0:00.0 - 1:02.0: snare"));
    EXPECT_THAT(svg, HasSubstr("kick &amp; co"));
    EXPECT_THAT(svg, testing::Not(HasSubstr("kick & co")));
}

}  // namespace
}  // namespace kickdrum
