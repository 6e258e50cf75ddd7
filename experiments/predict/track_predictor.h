// SPDX-License-Identifier: MIT
// What `kickdrum predict` does: tracks into windows, windows through the network in batches that tracks share,
// and their probabilities into segments. Memory grows by the windows' probabilities only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dsp/clip_features.h"
#include "experiments/models/model_file.h"
#include "experiments/predict/sample_source.h"
#include "experiments/predict/segments.h"
#include "experiments/predict/windows.h"

namespace kickdrum {

struct PredictSettings {
    double window = 0;  // seconds
    double stride = 0;
    double hysteresis = 0.1;
    int batch = 32;     // windows through the network at a time
    int readers = 1;    // tracks that are read at the same time
    std::string layer;  // not empty: its outputs are kept, one row for each window that isn't silent
    bool live = false;  // a stream: results don't wait for a full batch
};

struct TrackInput {
    std::string name;
    std::function<std::unique_ptr<SampleSource>()> open;
};

struct TrackResult {
    std::string name;
    std::string problem;  // why it can't be used; nothing else is filled in then
    double seconds = 0;
    double silent_seconds = 0;
    std::int64_t windows = 0;
    std::vector<Segment> segments;
    std::vector<Segment> steps;
    std::vector<float> embeddings;  // [windows that aren't silent, embedding_width()]
};

struct PredictHooks {
    std::function<void(const std::string& name, const Segment&)> on_segment;  // as soon as it's settled
    std::function<void(TrackResult&&)> on_track;                              // in the order of the inputs
    std::function<bool()> go_on;                                              // false stops
};

class TrackPredictor {
 public:
    // The model must have features. Throws UserError where the settings don't fit to it.
    TrackPredictor(Context& context, const ModelFile& model, const PredictSettings& settings);

    // Returns false where it was stopped.
    bool run(const std::vector<TrackInput>& inputs, const PredictHooks& hooks);

    std::int64_t embedding_width() const;  // 0 without a layer

 private:
    struct Track {
        Track(std::string track_name, const PredictSettings& settings, int classes);
        TrackResult result;
        SegmentBuilder builder;
        bool ended = false;
    };
    struct Pending {
        Track* track = nullptr;
        TrackWindow window;
    };
    bool read_track(class ReadAhead& reader, Track& track);
    void take(Track& track, std::vector<TrackWindow>& windows);
    void flush();
    void score(Pending& pending, std::span<const float> probabilities);
    void settle(Track& track, std::vector<Segment>& done);

    Context& context_;
    const ModelFile& model_;
    PredictSettings settings_;
    const PredictHooks* hooks_ = nullptr;
    int rate_;
    ClipFeaturePlan features_;
    Predictor network_;
    std::optional<Predictor> embedding_;
    std::deque<Track> tracks_;  // not reported yet, in order
    std::vector<Pending> pending_;
    std::vector<float> images_;
};

}  // namespace kickdrum
