// SPDX-License-Identifier: MIT
// kickdrum melgrams: mel spectrograms as arrays and pictures.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/label_options.h"
#include "experiments/commands/program.h"
#include "experiments/config/read_experiment.h"
#include "experiments/data/bad_clips.h"
#include "experiments/data/labels.h"
#include "experiments/data/melgram_files.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"

namespace kickdrum {
namespace {

struct MelgramsOptions {
    CommonOptions common;
    LabelOptions labels;
    std::string format;
    std::string image;
    std::string on_bad;
};

ExperimentConfig config_of(const MelgramsOptions& options) {
    if (is_experiment_file(options.labels.file)) return label_config(options.labels, options.common);
    ExperimentConfig config = label_config(options.labels, {});
    config.features = read_features(options.common.set);
    return config;
}

MelgramSettings settings_of(const MelgramsOptions& options, const FeatureConfig& features) {
    MelgramSettings settings{.features = features,
                             .out = options.common.out,
                             .force = options.common.force,
                             .threads = options.common.threads};
    const std::string format = !options.format.empty() ? options.format
                               : options.image.empty() ? "npy"
                                                       : "png";
    settings.format = format == "npy" ? MelgramFormat::npy : MelgramFormat::png;
    if (options.image.empty()) {
        settings.kind = format == "npy" ? MelgramKind::decibels : MelgramKind::plot;
        return settings;
    }
    if (options.image == "plot") {
        if (format == "npy") {
            throw UserError(ExitCode::usage,
                            "--image plot is for people, and --format npy for programs; "
                            "leave one of them out");
        }
        settings.kind = MelgramKind::plot;
        return settings;
    }
    settings.kind = MelgramKind::picture;
    settings.features.image = options.image == "specshow_gray" ? ImageKind::specshow_gray : ImageKind::smooth;
    return settings;
}

Diagnostic diagnostic_of(const ClipTable& table, const BadClip& bad) {
    const Clip& clip = table.clips[bad.clip];
    return {.message = describe_bad_clip(clip, bad.reason),
            .file = table.file.string(),
            .line = clip.row,
            .column = 1};
}

std::string as_json(const ClipTable& table, const MelgramReport& report, const std::string& out) {
    nlohmann::ordered_json bad = nlohmann::ordered_json::array();
    for (const BadClip& one : report.bad)
        bad.push_back({{"sample_id", table.clips[one.clip].id}, {"message", one.reason}});
    const nlohmann::ordered_json json{
        {"written", report.written}, {"already_there", report.kept}, {"folder", out}, {"not_written", bad}};
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

ExitCode melgrams(const MelgramsOptions& options) {
    require_argument("melgrams", "a label table (CSV) or an experiment file", !options.labels.file.empty());
    const ExperimentConfig config = config_of(options);
    require_argument("melgrams", "--audio, the folder of the clips", !config.data.audio.empty());
    require_argument("melgrams", "--out, the folder to write to", !options.common.out.empty());
    const MelgramSettings settings = settings_of(options, config.features);
    const ClipTable table = read_labels(config.data);

    const bool json = options.common.json;
    Progress progress(json ? std::cerr : std::cout, progress_style(json ? 2 : 1, options.common.quiet));
    const InterruptGuard interrupt;
    progress.stage("Spectrograms");
    const MelgramReport report = write_melgrams(table, settings, [&](std::int64_t done, std::int64_t total) {
        progress.stage_progress(done, total);
        return !interrupt.interrupted();
    });
    progress.stage_done(fmt::format("{} written{} to {}", report.written,
                                    report.kept > 0 ? fmt::format(", {} were there", report.kept) : "",
                                    options.common.out));
    if (report.stopped)
        throw UserError(ExitCode::interrupted, "stopped; the same command goes on where this one ended");
    const bool skip =
        options.on_bad.empty() ? config.data.on_bad_clip == OnBadClip::skip : options.on_bad == "skip";
    for (const BadClip& bad : report.bad) {
        std::string text = to_string(diagnostic_of(table, bad));
        if (skip) text.replace(text.find("error: "), 5, "warning");
        std::cerr << text << '\n';
    }
    if (json) print(as_json(table, report, options.common.out));
    return skip || report.bad.empty() ? ExitCode::done : ExitCode::data;
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<MelgramsOptions>();
    add_label_options(app, options->labels);
    add_audio_option(app, options->labels);
    add_out_option(app, options->common, "DIR", "The folder to write to");
    add_choice_option(app, "--format", options->format, {"npy", "png"},
                      "Arrays of float32, or pictures (default: npy; with --image: png)");
    add_choice_option(
        app, "--image", options->image, {"float", "specshow_gray", "plot"},
        "The grey picture that a network sees, of features.size: smooth (float), or by the "
        "published path through 8-bit pixels; or a plot in colour with axes (the default of png)");
    add_choice_option(
        app, "--on-bad", options->on_bad, {"stop", "skip"},
        "Audio that can't be used is listed and the rest written: then end with code 3 (stop, the "
        "default), or 0 (skip)");
    add_set_option(app, options->common, "Replace a setting: --set features.n_mels=256");
    add_threads_option(app, options->common);
    add_force_option(app, options->common, "Write every file anew, also over those of others");
    add_quiet_option(app, options->common);
    add_json_option(app, options->common, "Print what was written and what not as one JSON document");
    return [options](const std::string&) { return melgrams(*options); };
}

}  // namespace

Command melgrams_command() {
    return {.name = "melgrams",
            .summary = "Write mel spectrograms as arrays or pictures",
            .arguments = "LABELS.csv",
            .description =
                "Writes the mel spectrogram of every clip of a label table. Arrays are in dB below the\n"
                "clip's loudest point, [mels, frames], with the lowest band first, as librosa's. The\n"
                "settings are those of the block 'features' of an experiment file. An interrupted call\n"
                "leaves no half file; the same command goes on with what is missing.",
            .example =
                "  kickdrum melgrams labels.csv --audio clips --out melgrams --set features.fmax=2000\n"
                "  kickdrum melgrams labels.csv --audio clips --out plots --format png",
            .declare = declare};
}

}  // namespace kickdrum
