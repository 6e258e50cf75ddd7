// SPDX-License-Identifier: MIT
// kickdrum features: the table of classical features.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/label_options.h"
#include "experiments/commands/program.h"
#include "experiments/data/bad_clips.h"
#include "experiments/data/feature_table.h"
#include "experiments/data/labels.h"
#include "experiments/files.h"
#include "experiments/runs/feature_job.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"

namespace kickdrum {
namespace {

struct FeaturesOptions {
    CommonOptions common;
    LabelOptions labels;
    std::string set = "published";
    std::string frames;  // folder; empty: no files of frames
    std::string on_bad;  // empty: as the experiment file says
};

FeatureSet set_of(const std::string& name) {
    for (const FeatureSet set : {FeatureSet::standard, FeatureSet::rich}) {
        if (name == to_string(set)) return set;
    }
    return FeatureSet::published;
}

std::string as_json(const FeaturesOptions& options, const FeatureTable& features, const ClipTable& clips) {
    using nlohmann::ordered_json;
    ordered_json skipped = ordered_json::array();
    for (const auto& [index, reason] : features.bad) {
        const Clip& clip = clips.clips[index];
        skipped.push_back({{"sample_id", clip.id}, {"row", clip.row}, {"reason", reason}});
    }
    const ordered_json json{{"file", options.common.out},
                            {"feature_set", options.set},
                            {"clips", clips.clips.size() - features.bad.size()},
                            {"features", features.names},
                            {"from_cache", features.from_cache},
                            {"skipped", skipped}};
    return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

void report(const FeaturesOptions& options, const FeatureTable& features, const ClipTable& clips) {
    const std::string& out = options.common.out;
    if (options.common.json) {
        print(as_json(options, features, clips));
    } else if (!out.empty() && !options.common.quiet) {
        print(fmt::format("{}: {} features of {} clips\n", out, features.names.size(),
                          clips.clips.size() - features.bad.size()));
    }
}

// Refuses bad clips, or says which are left out.
void settle_bad_clips(const ClipTable& clips, const std::vector<BadClip>& bad, OnBadClip choice) {
    if (bad.empty()) return;
    if (choice == OnBadClip::stop) refuse_bad_clips(clips, bad, "--on-bad skip");
    for (const auto& [index, reason] : bad) {
        const Clip& clip = clips.clips[index];
        std::cerr << fmt::format("{}:{}: warning: {}; left out\n", clips.file.string(), clip.row,
                                 describe_bad_clip(clip, reason));
    }
}

ExitCode features(const FeaturesOptions& options) {
    require_argument("features", "a label table (CSV) or an experiment file", !options.labels.file.empty());
    const ExperimentConfig config = label_config(options.labels, options.common);
    if (config.data.audio.empty()) {
        throw UserError(ExitCode::usage, "where are the clips? name their folder with --audio DIR");
    }
    refuse_to_overwrite(options.common);
    const OnBadClip on_bad = options.on_bad.empty()     ? config.data.on_bad_clip
                             : options.on_bad == "skip" ? OnBadClip::skip
                                                        : OnBadClip::stop;
    const ClipTable clips = read_labels(config.data);
    const FeatureSet set = set_of(options.set);

    const InterruptGuard interrupt;
    Progress progress(std::cerr, progress_style(2, options.common.quiet || ::isatty(2) == 0));
    const auto tick = [&](std::int64_t done, std::int64_t total) {
        progress.stage_progress(done, total);
        return !interrupt.interrupted();
    };
    progress.stage("Features");
    const auto cache =
        options.common.cache.empty() ? default_feature_cache() : std::filesystem::path(options.common.cache);
    const FeatureTable table =
        load_feature_table(clips, set, {.cache = cache, .threads = options.common.threads}, tick);
    if (table.stopped) {
        progress.interrupted("nothing was written; the features that were ready stay in the cache");
        return ExitCode::interrupted;
    }
    progress.stage_done(
        fmt::format("{} clips, {} of them from the cache", clips.clips.size(), table.from_cache));
    if (!table.not_saved.empty()) progress.warning(table.not_saved);
    settle_bad_clips(clips, table.bad, on_bad);
    if (!options.frames.empty()) {
        progress.stage("Frames");
        const FrameFiles files = write_frame_files(clips, set, options.frames, options.common.threads, tick);
        if (files.stopped) {
            progress.interrupted("the files that are there are whole; the same command writes all of them");
            return ExitCode::interrupted;
        }
        progress.stage_done(fmt::format("{} clips in {}", files.written, options.frames));
    }
    const std::string csv = feature_csv(clips, table);
    if (!options.common.out.empty()) write_file_atomically(options.common.out, csv);
    if (options.common.out.empty() && !options.common.json) print(csv);
    report(options, table, clips);
    return ExitCode::done;
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<FeaturesOptions>();
    add_label_options(app, options->labels);
    add_audio_option(app, options->labels);
    add_choice_option(app, "--feature-set", options->set, {"published", "standard", "rich"},
                      "13 means (default), 178 figures with deviations, differences and rhythm, or 1158 with "
                      "the course of the mel bands");
    add_text_option(app, "--frames", options->frames, "DIR",
                    "Also write each feature over time: DIR/<id>.<feature>.npy");
    add_choice_option(
        app, "--on-bad", options->on_bad, {"stop", "skip"},
        "What to do with clips that can't be used (default: stop, or as the experiment file says)");
    add_set_option(app, options->common);
    add_threads_option(app, options->common);
    add_cache_option(app, options->common);
    add_out_option(app, options->common, "FILE", "Where to write the table (default: print it)");
    add_force_option(app, options->common, "Replace an existing file");
    add_quiet_option(app, options->common);
    add_json_option(app, options->common, "Print what was written as one JSON document");
    return [options](const std::string&) { return features(*options); };
}

}  // namespace

Command features_command() {
    return {.name = "features",
            .summary = "Compute the table of classical features, as librosa does",
            .arguments = "LABELS.csv",
            .description =
                "Computes features of every clip as librosa does: chroma, loudness, centroid, bandwidth,\n"
                "roll-off, zero crossings, MFCC and more; one row per clip (sample_id, then the\n"
                "features), for classical models. Computed features are kept in the cache.",
            .example =
                "  kickdrum features labels.csv --audio clips --out features.csv\n"
                "  kickdrum features labels.csv --audio clips --feature-set standard --frames frames",
            .declare = declare};
}

}  // namespace kickdrum
