// SPDX-License-Identifier: MIT
// Predictions as text: for programs, for Audacity, for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/predict/track_predictor.h"

namespace kickdrum {

// The class's name; "silence" of kSilence.
std::string_view label_name(const std::vector<std::string>& classes, int label);

// file,start,end,label,p_<class>...: seconds, and a probability for each class (empty of silence).
std::string csv_header(const std::vector<std::string>& classes);
std::string csv_line(const std::vector<std::string>& classes, const std::string& file,
                     const Segment& segment);

// [{file, start, end, label, probabilities}]: of the `top` most probable classes; 0: of all.
nlohmann::ordered_json prediction_json(const std::vector<std::string>& classes, const TrackResult& track,
                                       int top);

// A label track: start, end and label between tabs.
std::string audacity_labels(const std::vector<std::string>& classes, const TrackResult& track);

// "set.mp3   1:02.0 - 3:10.5   tekno 0.87, bouncy 0.08"
std::string text_line(const std::vector<std::string>& classes, const std::string& file,
                      const Segment& segment, int top);

// "1:02.0", "1:00:02.0"
std::string clock(double seconds);

// A picture of the track: its segments, and below them each class's probability over time.
std::string timeline_svg(const std::vector<std::string>& classes, const TrackResult& track);

}  // namespace kickdrum
