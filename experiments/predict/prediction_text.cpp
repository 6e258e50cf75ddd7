// SPDX-License-Identifier: MIT
#include "experiments/predict/prediction_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/runs/csv.h"

namespace kickdrum {
namespace {

// The classes to name, the most probable first.
std::vector<int> named(const Segment& segment, int top) {
    std::vector<int> order = ranking(segment.probabilities);
    if (top > 0 && std::ssize(order) > top) order.resize(static_cast<std::size_t>(top));
    return order;
}

double rounded(double value) {
    return std::round(value * 1e6) / 1e6;
}

}  // namespace

std::string_view label_name(const std::vector<std::string>& classes, int label) {
    return label == kSilence ? std::string_view("silence") : classes.at(static_cast<std::size_t>(label));
}

std::string csv_header(const std::vector<std::string>& classes) {
    std::string line = "file,start,end,label";
    for (const auto& name : classes) line += ',' + csv_field("p_" + name);
    return line + '\n';
}

std::string csv_line(const std::vector<std::string>& classes, const std::string& file,
                     const Segment& segment) {
    std::string line = fmt::format("{},{:.3f},{:.3f},{}", csv_field(file), segment.begin, segment.end,
                                   csv_field(label_name(classes, segment.label)));
    for (std::size_t c = 0; c < classes.size(); ++c) {
        line += ',';
        if (!segment.probabilities.empty()) line += fmt::format("{:.6f}", segment.probabilities[c]);
    }
    return line + '\n';
}

nlohmann::ordered_json prediction_json(const std::vector<std::string>& classes, const TrackResult& track,
                                       int top) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Segment& segment : track.segments) {
        nlohmann::ordered_json probabilities = nlohmann::ordered_json::object();
        if (top > 0) {
            for (const int c : named(segment, top))
                probabilities[classes[static_cast<std::size_t>(c)]] =
                    rounded(segment.probabilities[static_cast<std::size_t>(c)]);
        } else {
            for (std::size_t c = 0; c < segment.probabilities.size(); ++c)
                probabilities[classes[c]] = rounded(segment.probabilities[c]);
        }
        list.push_back({{"file", track.name},
                        {"start", rounded(segment.begin)},
                        {"end", rounded(segment.end)},
                        {"label", label_name(classes, segment.label)},
                        {"probabilities", std::move(probabilities)}});
    }
    return list;
}

std::string audacity_labels(const std::vector<std::string>& classes, const TrackResult& track) {
    std::string text;
    for (const Segment& segment : track.segments) {
        std::string label(label_name(classes, segment.label));
        std::ranges::replace_if(
            label, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
        text += fmt::format("{:.6f}\t{:.6f}\t{}\n", segment.begin, segment.end, label);
    }
    return text;
}

std::string clock(double seconds) {
    const auto tenths = std::llround(seconds * 10);
    const long long whole = tenths / 10;
    const std::string tail = fmt::format("{:02}.{}", whole % 60, tenths % 10);
    if (whole < 3600) return fmt::format("{}:{}", whole / 60, tail);
    return fmt::format("{}:{:02}:{}", whole / 3600, whole / 60 % 60, tail);
}

std::string text_line(const std::vector<std::string>& classes, const std::string& file,
                      const Segment& segment, int top) {
    std::string line = fmt::format("{}  {:>9} - {:>9}  ", file, clock(segment.begin), clock(segment.end));
    if (segment.label == kSilence) return line + "silence\n";
    // The segment's own class first: over its steps another may be as probable.
    line += fmt::format("{} {:.2f}", label_name(classes, segment.label),
                        segment.probabilities[static_cast<std::size_t>(segment.label)]);
    int left = top - 1;
    for (const int c : ranking(segment.probabilities)) {
        if (c == segment.label || left-- <= 0) continue;
        line += fmt::format(", {} {:.2f}", label_name(classes, c),
                            segment.probabilities[static_cast<std::size_t>(c)]);
    }
    return line + '\n';
}

}  // namespace kickdrum
