// SPDX-License-Identifier: MIT
// kickdrum predict: labels for files and long tracks.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/predict/predict_job.h"

namespace kickdrum {
namespace {

double positive_number(const std::string& name, const std::string& text) {
    std::size_t used = 0;
    double value = 0;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != text.size() || !(value >= 0) || value > 86'400) {
        throw UserError(ExitCode::usage,
                        fmt::format("{} is '{}'; expected a number of at least 0", name, text));
    }
    return value;
}

void add_number_option(CLI::App& app, const std::string& name, std::optional<double>& value,
                       const std::string& type, const std::string& description) {
    app.add_option_function<std::string>(
           name, [name, &value](const std::string& text) { value = positive_number(name, text); },
           description)
        ->type_name(type)
        ->take_last();
}

struct PredictOptions {
    CommonOptions common;
    std::vector<std::string> words;  // MODEL AUDIO...
    std::optional<double> window;
    std::optional<double> stride;
    std::optional<double> hysteresis;
    std::int64_t top = 2;
    std::int64_t rate = 0;
    std::int64_t channels = 1;
    std::string raw;
    std::string layer;
    std::string write;
    bool csv = false;
};

ExitCode predict(const PredictOptions& options) {
    require_argument("predict", "a model file", !options.words.empty());
    require_argument("predict", "audio: files, folders, or - for standard input", options.words.size() > 1);
    PredictRequest request{.model = options.words.front(),
                           .audio = {options.words.begin() + 1, options.words.end()},
                           .window = options.window,
                           .stride = options.stride,
                           .hysteresis = options.hysteresis.value_or(0.1),
                           .top = static_cast<int>(options.top),
                           .layer = options.layer,
                           .features = options.common.set,
                           .device = options.common.device,
                           .threads = options.common.threads,
                           .out = options.common.out,
                           .write = split_at_commas(options.write),
                           .force = options.common.force,
                           .quiet = options.common.quiet};
    request.print = options.common.json ? PrintAs::json : options.csv ? PrintAs::csv : PrintAs::text;
    if (!options.raw.empty()) {
        request.raw =
            raw_settings(options.raw, static_cast<int>(options.rate), static_cast<int>(options.channels));
    }
    return predict_tracks(request);
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<PredictOptions>();
    add_arguments(app, "MODEL AUDIO", options->words, "A model file, then audio files or folders, or -");
    add_number_option(app, "--window", options->window, "SECONDS",
                      "Length of a window (default: that of the clips the model learned from)");
    add_number_option(app, "--stride", options->stride, "SECONDS",
                      "Seconds between two windows (default: half a window)");
    add_number_option(
        app, "--hysteresis", options->hysteresis, "MARGIN",
        "By how much another class must be more probable to begin a new segment (default: 0.1)");
    add_integer_option(app, "--top-k", options->top, 1, 1000, "K",
                       "Classes to name for each segment; with --json only these (default: 2, all)");
    add_text_option(app, "--embed", options->layer, "LAYER",
                    "Also write what this layer gives, a row for each window, as .npy (needs --out)");
    add_choice_option(app, "--raw", options->raw, {"s16le", "s24le", "s32le", "f32le", "f64le", "u8"},
                      "Standard input has no header: the format of its samples");
    add_integer_option(app, "--rate", options->rate, 1, 10'000'000, "HZ", "Its sampling rate");
    add_integer_option(app, "--channels", options->channels, 1, 64, "N", "Its channels (default: 1)");
    add_out_option(app, options->common, "DIR", "Write files of each track there, too");
    add_text_option(app, "--write", options->write, "LIST",
                    "Which: of csv, json, labels (for Audacity) and svg (default: all of them)");
    add_flag(app, "--csv", options->csv, "Print CSV instead of text");
    add_set_option(app, options->common,
                   "For a model that doesn't say what it hears: --set features.n_mels=64");
    add_device_option(app, options->common);
    add_threads_option(app, options->common);
    add_force_option(app, options->common, "Replace existing files in --out");
    add_quiet_option(app, options->common);
    add_json_option(app, options->common, "Print all segments as one JSON document");
    return [options](const std::string&) { return predict(*options); };
}

}  // namespace

Command predict_command() {
    return {.name = "predict",
            .summary = "Label audio files and long tracks with a trained model",
            .arguments = "MODEL AUDIO...",
            .description =
                "Cuts each track into overlapping windows, averages the probabilities where they overlap,\n"
                "and joins what belongs together into segments. AUDIO is a file, a folder, or - for a WAV\n"
                "stream on standard input. Memory doesn't grow with the length of a track.",
            .example =
                "  kickdrum predict model.safetensors set.mp3 --stride 1 --out labels\n"
                "  kickdrum predict model.safetensors clips --json > labels.json\n"
                "  arecord -f S16_LE -r 44100 -t raw | kickdrum predict model.safetensors - --raw s16le "
                "--rate 44100",
            .declare = declare};
}

}  // namespace kickdrum
