// SPDX-License-Identifier: MIT
#include "experiments/predict/predict_job.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/commands/program.h"
#include "experiments/config/device_choice.h"
#include "experiments/data/audio_files.h"
#include "experiments/data/npy.h"
#include "experiments/files.h"
#include "experiments/nearest_name.h"
#include "experiments/predict/model_features.h"
#include "experiments/predict/prediction_text.h"
#include "experiments/predict/track_predictor.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/run_scheduler.h"
#include "experiments/runs/stopwatch.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

constexpr int kBatch = 32;
constexpr const char* kStandardInput = "standard input";

ContextOptions device_options(const PredictRequest& request) {
    ExperimentConfig config;
    if (request.device == "cpu") config.device = DeviceChoice::cpu;
    if (request.device == "cuda") config.device = DeviceChoice::cuda;
    return context_options(config, choose_device(config), request.threads);
}

std::vector<fs::path> files_of(const std::string& word) {
    std::error_code error;
    if (!fs::is_directory(word, error)) {
        if (!fs::exists(word, error))
            throw UserError(ExitCode::usage, {{.message = "there is no such file or folder", .file = word}});
        return {word};
    }
    Problems problems;
    std::vector<fs::path> files;
    for (const auto& [name, paths] : audio_files(word, problems))
        files.insert(files.end(), paths.begin(), paths.end());
    problems.throw_if_any(ExitCode::data);
    if (files.empty()) {
        throw UserError(ExitCode::data, {{.message = "there is no audio file in this folder (mp3, wav, flac, "
                                                     "ogg, aiff, au or opus)",
                                          .file = word}});
    }
    std::ranges::sort(files);
    return files;
}

class Job {
 public:
    explicit Job(const PredictRequest& request)
        : request_(request), model_(read_model(request.model)), context_(device_options(request)) {
        complete_features(model_, request.model, request.features);
        settings();
        inputs();
        outputs();
    }

    ExitCode run() {
        const Stopwatch watch;
        TrackPredictor predictor(context_, model_, settings_);
        width_ = predictor.embedding_width();
        if (request_.print == PrintAs::csv) print(csv_header(model_.classes));
        const InterruptGuard interrupt;
        const PredictHooks hooks{
            .on_segment = [&](const std::string& name, const Segment& segment) { show(name, segment); },
            .on_track = [&](TrackResult&& track) { finished(track); },
            .go_on = [&] { return !interrupt.interrupted(); }};
        if (!predictor.run(inputs_, hooks)) {
            throw UserError(ExitCode::interrupted,
                            fmt::format("stopped; {} of {} tracks are done", done_, inputs_.size()));
        }
        if (request_.print == PrintAs::json)
            print(json_.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n');
        if (!request_.quiet) speed(watch.seconds());
        return bad_ > 0 ? ExitCode::data : ExitCode::done;
    }

 private:
    void settings() {
        std::optional<double> window = request_.window;
        const auto& seconds = model_.features->seconds;
        if (seconds && window && *window != *seconds) {
            throw UserError(ExitCode::usage,
                            fmt::format("--window is {:g}, but the model takes clips of {:g} s; leave it out",
                                        *window, *seconds));
        }
        if (!window && seconds) window = seconds;
        const auto known = model_.facts.find("clip_seconds");
        if (!window && known != model_.facts.end()) window = std::stod(known->second);
        if (!window || *window <= 0) {
            throw UserError(ExitCode::usage,
                            {{.message = "the model doesn't say how long its clips were; say "
                                         "it with --window SECONDS",
                              .file = request_.model}});
        }
        const double stride = request_.stride.value_or(*window / 2);
        if (stride <= 0 || stride > *window) {
            throw UserError(ExitCode::usage,
                            fmt::format("--stride is {:g}; expected a number above 0, at most "
                                        "the window of {:g} s",
                                        stride, *window));
        }
        settings_ = {.window = *window,
                     .stride = stride,
                     .hysteresis = request_.hysteresis,
                     .batch = kBatch,
                     .readers = std::max(1, context_.threads()),
                     .layer = request_.layer};
    }

    void inputs() {
        for (const auto& word : request_.audio) {
            if (word == "-") {
                settings_.live = true;
                const auto raw = request_.raw;
                inputs_.push_back({.name = kStandardInput, .open = [raw] {
                                       return raw ? raw_source(STDIN_FILENO, *raw) : wav_source(STDIN_FILENO);
                                   }});
                continue;
            }
            for (const auto& file : files_of(word))
                inputs_.push_back({.name = file.string(), .open = [file] { return file_source(file); }});
        }
    }

    void outputs() {
        const std::vector<std::string> known{"csv", "json", "labels", "svg"};
        for (const auto& name : request_.write) {
            if (std::ranges::find(known, name) != known.end()) continue;
            throw UserError(ExitCode::usage, fmt::format("--write names '{}'; expected some of {}{}", name,
                                                         fmt::join(known, ","), did_you_mean(name, known)));
        }
        if (request_.out.empty()) {
            if (!request_.layer.empty() || !request_.write.empty())
                throw UserError(ExitCode::usage, "--embed and --write need --out, the folder to write to");
            return;
        }
        std::error_code error;
        fs::create_directories(request_.out, error);
        if (error) {
            throw UserError(ExitCode::failed,
                            fmt::format("can't make the folder '{}': {}", request_.out, error.message()));
        }
    }

    bool writes(const std::string& what) const {
        return request_.write.empty() || std::ranges::find(request_.write, what) != request_.write.end();
    }

    void show(const std::string& name, const Segment& segment) {
        if (request_.quiet) return;
        if (request_.print == PrintAs::text) print(text_line(model_.classes, name, segment, request_.top));
        if (request_.print == PrintAs::csv) print(csv_line(model_.classes, name, segment));
    }

    void finished(const TrackResult& track) {
        ++done_;
        seconds_ += track.seconds;
        if (!track.problem.empty()) {
            ++bad_;
            std::cerr << "error: " << track.name << ": " << track.problem << '\n';
            return;
        }
        if (track.silent_seconds >= track.seconds) {
            std::cerr << "warning: " << track.name << ": it's silent throughout, so it has no label\n";
        }
        if (request_.print == PrintAs::json) {
            for (auto& one : prediction_json(model_.classes, track, json_top())) json_.push_back(one);
        }
        if (!request_.out.empty()) write(track);
    }

    // Without --top-k, all classes.
    int json_top() const { return request_.top == PredictRequest{}.top ? 0 : request_.top; }

    void write(const TrackResult& track) {
        std::string stem = track.name == kStandardInput ? "stdin" : fs::path(track.name).stem().string();
        for (int number = 2; !names_.insert(stem).second; ++number)
            stem = fmt::format("{}_{}", fs::path(track.name).stem().string(), number);
        if (writes("csv")) {
            std::string text = csv_header(model_.classes);
            for (const auto& segment : track.segments) text += csv_line(model_.classes, track.name, segment);
            put(stem + ".csv", text);
        }
        if (writes("json")) {
            put(stem + ".json",
                prediction_json(model_.classes, track, json_top())
                        .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                    '\n');
        }
        if (writes("labels")) put(stem + ".txt", audacity_labels(model_.classes, track));
        if (writes("svg")) put(stem + ".svg", timeline_svg(model_.classes, track));
        if (width_ > 0)
            put(stem + ".npy", npy_matrix(track.embeddings, std::ssize(track.embeddings) / width_, width_));
    }

    void put(const std::string& name, const std::string& bytes) {
        const fs::path file = fs::path(request_.out) / name;
        std::error_code error;
        if (!request_.force && fs::exists(file, error)) {
            throw UserError(ExitCode::usage,
                            fmt::format("'{}' is there already; --force replaces it", file.string()));
        }
        write_file_atomically(file, bytes);
    }

    void speed(double taken) const {
        std::cerr << fmt::format("{} of audio in {:.2f} s: {:.0f} x real time\n", clock(seconds_), taken,
                                 seconds_ / std::max(taken, 1e-9));
    }

    const PredictRequest& request_;
    ModelFile model_;
    Context context_;
    PredictSettings settings_;
    std::vector<TrackInput> inputs_;
    nlohmann::ordered_json json_ = nlohmann::ordered_json::array();
    std::set<std::string> names_;
    std::int64_t width_ = 0;  // of an embedding
    double seconds_ = 0;
    std::size_t done_ = 0;
    int bad_ = 0;
};

}  // namespace

RawSettings raw_settings(const std::string& format, int sample_rate, int channels) {
    if (sample_rate < 1)
        throw UserError(ExitCode::usage, "--raw needs --rate, the sampling rate of the samples in Hz");
    RawSettings settings{.sample_rate = sample_rate, .channels = channels};
    if (format == "u8") settings.format = RawFormat::u8;
    if (format == "s16le") settings.format = RawFormat::s16le;
    if (format == "s24le") settings.format = RawFormat::s24le;
    if (format == "s32le") settings.format = RawFormat::s32le;
    if (format == "f32le") settings.format = RawFormat::f32le;
    if (format == "f64le") settings.format = RawFormat::f64le;
    return settings;
}

ExitCode predict_tracks(const PredictRequest& request) {
    return Job(request).run();
}

}  // namespace kickdrum
