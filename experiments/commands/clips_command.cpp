// SPDX-License-Identifier: MIT
// kickdrum clips: cuts clips out of full tracks.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/label_options.h"
#include "experiments/commands/program.h"
#include "experiments/data/cut_clips.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

struct ClipsOptions {
    CommonOptions common;
    LabelOptions labels;
    TrackColumns columns;
    std::string end;
    std::string filename;
    std::string format = "wav";
    std::string on_bad = "stop";
    double seconds = 8;
    std::int64_t rate = 0;
};

const std::map<std::string, AudioFormat>& formats() {
    static const std::map<std::string, AudioFormat> kFormats{
        {"wav", AudioFormat::wav},   {"wav24", AudioFormat::wav24},   {"wav-float", AudioFormat::wav_float},
        {"flac", AudioFormat::flac}, {"flac24", AudioFormat::flac24}, {"ogg", AudioFormat::ogg},
        {"mp3", AudioFormat::mp3}};
    return kFormats;
}

AudioFormat format_of(const std::string& name) {
    const AudioFormat format = formats().at(name);
    if (!can_write(format, 44100)) {
        throw UserError(ExitCode::environment,
                        fmt::format("this computer's libsndfile can't write {}; take another --format, or a "
                                    "libsndfile that was built with it",
                                    name));
    }
    return format;
}

void require_other_folder(const fs::path& audio, const fs::path& out) {
    std::error_code ignored;
    if (!fs::equivalent(audio, out, ignored)) return;
    throw UserError(
        ExitCode::usage,
        "--out is the folder of the tracks; choose another one, so that no clip replaces a track");
}

std::string as_json(const CutReport& report, const std::vector<Diagnostic>& bad,
                    const std::vector<Diagnostic>& notes, const std::string& out) {
    const auto list = [](const std::vector<Diagnostic>& diagnostics) {
        nlohmann::ordered_json all = nlohmann::ordered_json::array();
        for (const Diagnostic& one : diagnostics)
            all.push_back({{"file", one.file}, {"line", one.line}, {"message", one.message}});
        return all;
    };
    const nlohmann::ordered_json json{{"written", report.written},
                                      {"already_there", report.kept},
                                      {"folder", out},
                                      {"not_written", list(bad)},
                                      {"notes", list(notes)}};
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

void append(std::vector<Diagnostic>& all, const std::vector<Diagnostic>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

// One line each, with "warning" where that's all it is.
void list(const std::vector<Diagnostic>& diagnostics, bool is_error) {
    for (const Diagnostic& one : diagnostics) {
        std::string text = to_string(one);
        if (const auto at = text.find("error: "); !is_error && at != std::string::npos)
            text.replace(at, 5, "warning");
        std::cerr << text << '\n';
    }
}

ExitCode clips(const ClipsOptions& options) {
    require_argument("clips", "a table of clips (CSV) or an experiment file", !options.labels.file.empty());
    const ExperimentConfig config = label_config(options.labels, options.common);
    const std::filesystem::path& audio = config.data.audio;
    require_argument("clips", "--audio, the folder of the tracks", !audio.empty());
    require_argument("clips", "--out, the folder for the clips", !options.common.out.empty());
    require_other_folder(audio, options.common.out);
    const CutSettings settings{.audio = audio,
                               .out = options.common.out,
                               .table = config.data.labels,
                               .format = format_of(options.format),
                               .sample_rate = static_cast<int>(options.rate),
                               .force = options.common.force,
                               .threads = options.common.threads};

    const TrackRows rows = read_track_rows(config.data, options.columns, options.seconds);
    const bool json = options.common.json;
    Progress progress(json ? std::cerr : std::cout, progress_style(json ? 2 : 1, options.common.quiet));
    const InterruptGuard interrupt;
    progress.stage("Clips");
    const CutReport report = cut_clips(rows, settings, [&](std::int64_t done, std::int64_t total) {
        progress.stage_progress(done, total);
        return !interrupt.interrupted();
    });
    progress.stage_done(fmt::format("{} written{} to {}", report.written,
                                    report.kept > 0 ? fmt::format(", {} were there", report.kept) : "",
                                    options.common.out));
    if (report.stopped) {
        throw UserError(ExitCode::interrupted, "stopped; the same command goes on where this one ended");
    }
    std::vector<Diagnostic> bad = rows.bad;
    append(bad, report.bad);
    std::ranges::stable_sort(bad, {}, &Diagnostic::line);
    const bool skip = options.on_bad == "skip";
    list(bad, !skip);
    list(rows.notes, !skip);
    list(report.notes, false);
    if (json) {
        std::vector<Diagnostic> notes = rows.notes;
        append(notes, report.notes);
        print(as_json(report, bad, notes, options.common.out));
    }
    return skip || (bad.empty() && rows.notes.empty()) ? ExitCode::done : ExitCode::data;
}

double parse_seconds(const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value > 0) || value > 86400) {
        throw UserError(ExitCode::usage,
                        fmt::format("--seconds must be a number above 0, up to 86400, not '{}'", text));
    }
    return value;
}

void declare_columns(CLI::App& app, const std::shared_ptr<ClipsOptions>& options) {
    add_text_option(app, "--start", options->columns.start, "COLUMN",
                    "Where a clip begins: m:ss, h:mm:ss or seconds (default: clip_start)");
    app.add_option_function<std::string>(
           "--end",
           [options](const std::string& name) {
               options->columns.end = name;
               options->columns.end_asked = true;
           },
           "Where it ends, instead of --seconds; may be empty (default: end, where there is such a column)")
        ->type_name("COLUMN")
        ->take_last();
    app.add_option_function<std::string>(
           "--filename",
           [options](const std::string& name) {
               options->columns.filename = name;
               options->columns.filename_asked = true;
           },
           "The track's file below --audio (default: filename, where there is such a column; else the "
           "track's "
           "name with any audio extension, in any folder)")
        ->type_name("COLUMN")
        ->take_last();
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<ClipsOptions>();
    add_label_options(app, options->labels, "TRACKS.csv");
    declare_columns(app, options);
    add_text_option(app, "--audio", options->labels.audio, "DIR",
                    "The folder of the tracks, with the folders in it");
    add_out_option(app, options->common, "DIR", "The folder for the clips");
    app.add_option_function<std::string>(
           "--seconds", [options](const std::string& text) { options->seconds = parse_seconds(text); },
           "Length of a clip (default: 8)")
        ->type_name("SECONDS")
        ->take_last();
    std::vector<std::string> names;
    for (const auto& [name, format] : formats()) names.push_back(name);
    add_choice_option(app, "--format", options->format, names, "What to write (default: wav, of 16 bits)");
    add_integer_option(app, "--rate", options->rate, 1000, 192000, "HZ",
                       "Resample to it (default: the track's own rate)");
    add_choice_option(app, "--on-bad", options->on_bad, {"stop", "skip"},
                      "What can't be cut is listed and the rest written: then end with code 3 (stop, the "
                      "default), or 0 (skip)");
    add_set_option(app, options->common);
    add_threads_option(app, options->common);
    add_force_option(app, options->common, "Write every clip anew, also over files of others");
    add_quiet_option(app, options->common);
    add_json_option(app, options->common, "Print what was written and what not as one JSON document");
    return [options](const std::string&) { return clips(*options); };
}

}  // namespace

Command clips_command() {
    return {.name = "clips",
            .summary = "Cut clips out of full tracks",
            .arguments = "TRACKS.csv",
            .description =
                "Cuts a clip out of a track for each row of a table and writes it as <sample_id>.wav,\n"
                "mono. Each track is decoded once. What can't be cut is listed with its line: times that\n"
                "are none, starts beyond the end, rows that are there twice, tracks that can't be read.\n"
                "Clips that overlap are listed too, and written. An interrupted call leaves no half\n"
                "file; the same command goes on with what is missing.",
            .example = "  kickdrum clips labels.csv --audio tracks --out clips --seconds 8 --format flac",
            .declare = declare};
}

}  // namespace kickdrum
