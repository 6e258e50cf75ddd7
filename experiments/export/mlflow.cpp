// SPDX-License-Identifier: MIT
#include "experiments/export/mlflow.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "experiments/config/yaml_value.h"
#include "experiments/data/content_hash.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

std::int64_t milliseconds() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw UserError(ExitCode::failed,
                        fmt::format("can't make the folder '{}': {}", folder.string(), error.message()));
    }
}

// JSON's strings are YAML's.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// MLflow's ids are digits.
std::string experiment_id(const std::string& name) {
    const ContentHash hash = content_hash(std::string_view(name));
    return fmt::format("{:018}", hash.low % 1'000'000'000'000'000'000ULL);
}

std::string uri(const fs::path& folder) {
    return "file://" + fs::absolute(folder).string();
}

// "training.batch_size": "64", for each value of the resolved experiment; lists of layers as one.
void add_parameters(const YamlValue& value, const std::string& path, const fs::path& folder) {
    if (value.kind == YamlValue::Kind::map) {
        for (const auto& entry : value.entries)
            add_parameters(entry.value, path.empty() ? entry.key : path + '.' + entry.key, folder);
        return;
    }
    constexpr std::size_t kLongest = 6000;
    std::string text = value.kind == YamlValue::Kind::scalar ? value.text : to_yaml(value);
    text.resize(std::min(text.size(), kLongest));
    write_file_atomically(folder / path, text);
}

class RunFolder {
 public:
    RunFolder(const fs::path& experiment, const std::string& id) : folder_(experiment / id) {
        for (const auto* part : {"metrics", "params", "tags", "artifacts"}) make_folder(folder_ / part);
    }
    const fs::path& path() const { return folder_; }

    // Lines of time, value and step. MLflow's keys may have '.', '_' and '-', not what else a class is
    // called.
    void metric(std::string key, const std::string& lines) const {
        for (char& c : key) {
            const bool usable = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '.' || c == '_' || c == '-';
            if (!usable) c = '_';
        }
        write_file_atomically(folder_ / "metrics" / key, lines);
    }
    void tag(const std::string& key, const std::string& value) const {
        write_file_atomically(folder_ / "tags" / key, value);
    }

 private:
    fs::path folder_;
};

void add_history(const RunFolder& folder, const RunResult& run, std::int64_t start) {
    const std::pair<std::string, double EpochRecord::*> columns[] = {
        {"loss", &EpochRecord::loss},
        {"accuracy", &EpochRecord::accuracy},
        {"val_loss", &EpochRecord::val_loss},
        {"val_accuracy", &EpochRecord::val_accuracy},
        {"val_weighted_f1", &EpochRecord::val_weighted_f1},
        {"learning_rate", &EpochRecord::learning_rate}};
    for (const auto& [name, column] : columns) {
        std::string lines;
        double time = static_cast<double>(start);
        for (const auto& epoch : run.history) {
            time += 1000 * epoch.seconds;
            lines += fmt::format("{:.0f} {} {}\n", time, epoch.*column, epoch.epoch);
        }
        folder.metric(name, lines);
    }
}

void add_run(const Results& results, const RunResult& run, const fs::path& experiment,
             const std::string& id) {
    const fs::path source = results.folder / "runs" / fmt::format("{:02}", run.run);
    const std::string run_id = to_string(content_hash(std::string_view(fs::absolute(source).string())));
    const RunFolder folder(experiment, run_id);
    double seconds = 0;
    if (const auto total = run.seconds.find("total"); total != run.seconds.end()) seconds = total->second;
    const std::int64_t end = milliseconds();
    const std::int64_t start = end - static_cast<std::int64_t>(1000 * seconds);
    add_history(folder, run, start);
    for (const auto& [part, result] : {std::pair{"test", &run.test}, std::pair{"val", &run.val}}) {
        const auto score = [&](const std::string& name, double value) {
            folder.metric(fmt::format("{}.{}", part, name),
                          fmt::format("{} {} {}\n", end, value, run.best_epoch));
        };
        score("weighted_f1", result->scores.weighted_f1);
        score("macro_f1", result->scores.macro_f1);
        score("accuracy", result->scores.accuracy);
        score("loss", result->loss);
    }
    Problems ignored;
    if (const auto root = parse_yaml(results.resolved_yaml, "resolved.yaml", ignored))
        add_parameters(*root, "", folder.path() / "params");
    const std::string name = fmt::format("{} run {}", results.study.name, run.run);
    folder.tag("mlflow.runName", name);
    folder.tag("kickdrum.results", fs::absolute(source).string());
    folder.tag("kickdrum.seed", std::to_string(run.seed));
    write_file_atomically(
        folder.path() / "meta.yaml",
        fmt::format(
            "artifact_uri: {}\nend_time: {}\nentry_point_name: ''\nexperiment_id: '{}'\n"
            "lifecycle_stage: active\nrun_id: {}\nrun_name: {}\nrun_uuid: {}\nsource_name: ''\n"
            "source_type: 4\nsource_version: ''\nstart_time: {}\nstatus: 3\ntags: []\nuser_id: kickdrum\n",
            quoted(uri(source)), end, id, run_id, quoted(name), run_id, start));
}

}  // namespace

void write_mlflow(const fs::path& store, const Results& results) {
    const std::string id = experiment_id(results.study.name);
    const fs::path experiment = store / id;
    make_folder(experiment);
    const std::int64_t now = milliseconds();
    for (const auto& run : results.runs) add_run(results, run, experiment, id);
    // Last: MLflow lists what has it.
    write_file_atomically(experiment / "meta.yaml",
                          fmt::format("artifact_location: {}\ncreation_time: {}\nexperiment_id: '{}'\n"
                                      "last_update_time: {}\nlifecycle_stage: active\nname: {}\n",
                                      quoted(uri(experiment)), now, id, now, quoted(results.study.name)));
}

}  // namespace kickdrum
