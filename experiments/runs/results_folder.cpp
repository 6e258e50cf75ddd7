// SPDX-License-Identifier: MIT
#include "experiments/runs/results_folder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>

#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/runs/result_files.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 8> kFiles = {"experiment.yaml", "resolved.yaml", "environment.json",
                                                    "state.json",      "summary.json",  "summary.md",
                                                    "report.html",     "log.jsonl"};
constexpr std::array<std::string_view, 11> kRunFiles = {"history.csv",
                                                        "metrics.json",
                                                        "predictions_val.csv",
                                                        "predictions_test.csv",
                                                        "model.json",
                                                        "model.safetensors",
                                                        "model.h5",
                                                        "events.out.tfevents.0.kickdrum",
                                                        "decisions_test.csv",
                                                        "predictions_train.csv",
                                                        "ensemble.json"};

bool is_split_file(const std::string& name) {
    if (name == "split.csv") return true;
    if (!name.starts_with("split-") || !name.ends_with(".csv") || name.size() <= 10) return false;
    return name.find_first_not_of("0123456789", 6) == name.size() - 4;
}

bool is_run_folder(const std::string& name) {
    return name.size() >= 2 && name.find_first_not_of("0123456789") == std::string::npos;
}

[[noreturn]] void fail(ExitCode code, std::string message) {
    throw UserError(code, std::move(message));
}

[[noreturn]] void throw_exists(const fs::path& folder) {
    fail(ExitCode::usage,
         fmt::format("the results folder '{}' exists; choose another with --out, or replace it with --force",
                     folder.string()));
}

bool is_unused(const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().filename() != ".lock") return false;
    }
    return true;
}

bool looks_like_results(const fs::path& folder) {
    if (fs::exists(folder / "resolved.yaml") && fs::exists(folder / "environment.json")) return true;
    try {
        return fs::exists(folder / "state.json") &&
               !read_state(read_file(folder / "state.json"), "state.json").study.name.empty();
    } catch (const UserError&) {
        return false;
    }
}

bool is_one_of(const std::string& name, std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Removes the files of a folder that `is_ours` says yes to, by their final names.
template <class IsOurs>
void remove_files(const fs::path& folder, IsOurs is_ours) {
    std::vector<fs::path> doomed;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (!entry.is_directory() && is_ours(final_name(entry.path().filename().string())))
            doomed.push_back(entry.path());
    }
    for (const auto& file : doomed) fs::remove(file);
}

// Removes what Kickdrum writes, and the folders that are empty then.
void remove_results(const fs::path& folder) {
    remove_files(folder,
                 [](const std::string& name) { return is_one_of(name, kFiles) || is_split_file(name); });
    if (!fs::is_directory(folder / "runs")) return;
    std::vector<fs::path> runs;
    for (const auto& entry : fs::directory_iterator(folder / "runs")) {
        if (entry.is_directory() && is_run_folder(entry.path().filename().string()))
            runs.push_back(entry.path());
    }
    for (const auto& run : runs) {
        remove_files(run, [](const std::string& name) { return is_one_of(name, kRunFiles); });
        fs::remove_all(run / "checkpoint");
        if (fs::is_empty(run)) fs::remove(run);
    }
    if (fs::is_empty(folder / "runs")) fs::remove(folder / "runs");
}

// The temporary files and the checkpoints that are of no use any more.
void remove_leftovers(const fs::path& folder) {
    std::vector<fs::path> doomed;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const fs::path& path = entry.path();
        const std::string name = path.filename().string();
        const bool of_finished_run =
            entry.is_directory() && name == "checkpoint" && fs::exists(path.parent_path() / "metrics.json");
        if (of_finished_run || (!entry.is_directory() && final_name(name) != name)) doomed.push_back(path);
    }
    for (const auto& path : doomed) fs::remove_all(path);
}

std::string utc_now() {
    const auto now = std::chrono::system_clock::now();
    const auto millis =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                       millis);
}

}  // namespace

void require_free_results_folder(const fs::path& folder, bool force) {
    const std::string name = folder.string();
    std::error_code error;
    const fs::file_status status = fs::status(folder, error);
    if (status.type() == fs::file_type::not_found) return;
    if (status.type() == fs::file_type::none) {
        fail(ExitCode::failed, fmt::format("can't look at '{}': {}", name, error.message()));
    }
    if (status.type() != fs::file_type::directory) {
        fail(ExitCode::usage, fmt::format("'{}' is a file; give --out the name of a folder", name));
    }
    if (is_unused(folder)) return;
    if (!looks_like_results(folder)) {
        fail(ExitCode::usage,
             fmt::format("'{}' isn't empty and isn't a results folder; choose another with --out", name));
    }
    if (FolderLock::held(folder)) throw in_use(folder);
    if (!force) throw_exists(folder);
}

ResultsFolder::ResultsFolder(fs::path folder, FolderUse use) : folder_(std::move(folder)) {
    const bool resume = use == FolderUse::resume;
    try {
        if (!resume) require_free_results_folder(folder_, use == FolderUse::replace);
        made_parent_ = folder_.has_parent_path() && !fs::exists(folder_.parent_path());
        fs::create_directories(folder_);
        lock_ = std::make_unique<FolderLock>(folder_);
        // Another process may have come and gone since the look above.
        if (use == FolderUse::fresh && !is_unused(folder_)) throw_exists(folder_);
        if (resume) {
            remove_leftovers(folder_);
        } else {
            remove_results(folder_);
        }
    } catch (const fs::filesystem_error& error) {
        fail(ExitCode::failed,
             fmt::format("can't make the results folder '{}': {}", folder_.string(), error.code().message()));
    }
}

ResultsFolder::~ResultsFolder() {
    if (log_ >= 0) ::close(log_);
}

fs::path ResultsFolder::run_folder(int run) const {
    const fs::path path = folder_ / "runs" / fmt::format("{:02}", run);
    std::error_code error;
    fs::create_directories(path, error);
    if (error) fail(ExitCode::failed, fmt::format("can't make '{}': {}", path.string(), error.message()));
    return path;
}

fs::path ResultsFolder::model_path(int run) const {
    return run_folder(run) / "model.safetensors";
}

fs::path ResultsFolder::checkpoint_folder(int run) const {
    return run_folder(run) / "checkpoint";
}

void ResultsFolder::write_experiment(std::string_view text) {
    write_file_atomically(folder_ / "experiment.yaml", text);
}

void ResultsFolder::write_resolved(std::string_view text) {
    write_file_atomically(folder_ / "resolved.yaml", text);
}

void ResultsFolder::write_environment(const Environment& environment) {
    write_file_atomically(folder_ / "environment.json", to_json(environment));
}

void ResultsFolder::write_study(const Study& study) {
    study_ = study;
    set_status(StudyStatus::running);
}

void ResultsFolder::set_status(StudyStatus status) {
    write_file_atomically(folder_ / "state.json", state_json(study_, status));
}

void ResultsFolder::write_split(const ClipTable& table, const Split& split) {
    std::vector<SplitRow> rows;
    rows.reserve(table.clips.size());
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        const Clip& clip = table.clips[i];
        rows.push_back(
            {.sample_id = clip.id, .group = clip.group, .label = clip.label, .part = split.parts.at(i)});
    }
    const std::string name =
        study_.split_seeds.size() > 1 ? fmt::format("split-{}.csv", split.seed) : std::string("split.csv");
    const std::string text = split_csv(rows, table.classes, table.sets);
    if (!fs::exists(folder_ / name)) {
        write_file_atomically(folder_ / name, text);
    } else if (read_file(folder_ / name) != text) {
        fail(ExitCode::data,
             fmt::format("the data isn't what it was when '{}' was begun: clips, labels or groups have "
                         "changed, and the split with them; bring the old ones back, or begin anew with "
                         "'kickdrum run'",
                         folder_.string()));
    }
}

void ResultsFolder::append_epoch(int run, const EpochRecord& record) {
    auto& history = histories_[run];
    history.push_back(record);
    write_file_atomically(run_folder(run) / "history.csv", history_csv(history));
}

void ResultsFolder::begin_history(int run, std::vector<EpochRecord> history) {
    histories_[run] = std::move(history);
}

void ResultsFolder::discard() {
    ::close(std::exchange(log_, -1));
    std::error_code ignored;
    remove_results(folder_);
    fs::remove(folder_ / ".lock", ignored);
    fs::remove(folder_, ignored);
    if (made_parent_) fs::remove(folder_.parent_path(), ignored);
}

void ResultsFolder::write_run(const RunResult& result) {
    histories_.erase(result.run);
    const fs::path run = run_folder(result.run);
    write_file_atomically(run / "history.csv", history_csv(result.history));
    if (!result.train.predictions.empty()) {
        write_file_atomically(run / "predictions_train.csv",
                              predictions_csv(result.train.predictions, study_.classes, study_.sets));
    }
    write_file_atomically(run / "predictions_val.csv",
                          predictions_csv(result.val.predictions, study_.classes, study_.sets));
    write_file_atomically(run / "predictions_test.csv",
                          predictions_csv(result.test.predictions, study_.classes, study_.sets));
    // Last: a run with its metrics.json is a finished one.
    write_file_atomically(run / "metrics.json", metrics_json(result, study_.classes));
    std::error_code ignored;
    fs::remove_all(run / "checkpoint", ignored);
}

void ResultsFolder::write_summary(const Summary& summary) {
    write_file_atomically(folder_ / "summary.json", to_json(summary));
    write_file_atomically(folder_ / "summary.md", to_markdown(summary));
}

void ResultsFolder::write_report(std::string_view html) {
    write_file_atomically(report_path(), html);
}

void ResultsFolder::log(std::string_view event, const LogFields& fields) {
    using Json = nlohmann::ordered_json;
    const std::string file = (folder_ / "log.jsonl").string();
    if (log_ < 0) log_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    Json line{{"time", utc_now()}, {"event", event}};
    for (const auto& [name, value] : fields) {
        std::visit([&, &key = name](const auto& v) { line[key] = v; }, value);
    }
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
    // One write per line: lines stay whole whatever happens between them.
    if (log_ < 0 || ::write(log_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        fail(ExitCode::failed, fmt::format("can't write '{}': {}", file,
                                           std::generic_category().message(errno == 0 ? ENOSPC : errno)));
    }
}

}  // namespace kickdrum
