// SPDX-License-Identifier: MIT
// `kickdrum predict` from its options to its files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/diagnostics.h"
#include "experiments/predict/sample_source.h"

namespace kickdrum {

enum class PrintAs : std::uint8_t { text, csv, json };

struct PredictRequest {
    std::string model;
    std::vector<std::string> audio;  // files, folders, "-"
    std::optional<double> window;    // seconds
    std::optional<double> stride;
    double hysteresis = 0.1;
    int top = 2;
    std::string layer;                  // whose outputs are written; empty: none
    std::vector<std::string> features;  // features.key=value
    std::string device;
    int threads = 0;
    std::string out;                 // empty: nothing is written
    std::vector<std::string> write;  // csv, json, labels, svg; empty: all of them
    bool force = false;
    bool quiet = false;
    PrintAs print = PrintAs::text;
    std::optional<RawSettings> raw;  // standard input has no header
};

// Throws UserError where the rate is missing.
RawSettings raw_settings(const std::string& format, int sample_rate, int channels);

// Tracks that can't be used are named on stderr, the others are done: the exit code is then that of bad data.
// Throws UserError for what makes all of it impossible.
ExitCode predict_tracks(const PredictRequest& request);

}  // namespace kickdrum
