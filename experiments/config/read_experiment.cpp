// SPDX-License-Identifier: MIT
#include "experiments/config/read_experiment.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/config/config_checks.h"
#include "experiments/config/data_paths.h"
#include "experiments/config/device_choice.h"
#include "experiments/config/overrides.h"
#include "experiments/config/transfer_checks.h"
#include "experiments/config/yaml_reader.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/nearest_name.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& file, const std::string& message) {
    throw UserError(ExitCode::usage, std::vector<Diagnostic>{{.message = message, .file = file.string()}});
}

// " (did you mean 'experiments/demo.yaml'?)", from the YAML files of the same folder.
std::string similar_file(const fs::path& file) {
    std::error_code error;
    std::vector<std::string> names;
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const fs::path& found = entry.path();
        if (found.extension() == ".yaml" || found.extension() == ".yml")
            names.push_back(found.filename().string());
    }
    std::ranges::sort(names);
    const auto nearest = nearest_name(file.filename().string(), names);
    return nearest ? fmt::format(" (did you mean '{}'?)", (file.parent_path() / *nearest).string()) : "";
}

std::string text_of(const fs::path& file) {
    constexpr std::uintmax_t kLargest = 1 << 20;
    std::error_code error;
    if (!fs::exists(file, error) && !error) refuse(file, "there is no such file" + similar_file(file));
    if (fs::is_directory(file, error)) refuse(file, "this is a folder; name the experiment file in it");
    const auto size = fs::file_size(file, error);
    if (!error && size > kLargest) {
        refuse(file,
               fmt::format("{} bytes are too much for an experiment file (at most {})", size, kLargest));
    }
    std::string text;
    try {
        text = read_file(file);
    } catch (const UserError& unreadable) {
        throw UserError(ExitCode::usage, unreadable.diagnostics());
    }
    if (text.find('\0') != std::string::npos)
        refuse(file, "this is no text file; an experiment is written in YAML");
    return text;
}

// The whole file as one block of keys; throws where there is none to check.
YamlValue block_of(const fs::path& file, const std::string& text, Problems& problems) {
    auto root = parse_yaml(text, file.string(), problems);
    if (!root) problems.throw_if_any(ExitCode::usage);
    if (root->kind == YamlValue::Kind::null) {
        refuse(file, "the file is empty; an experiment needs at least 'data' and 'model'");
    }
    if (root->kind != YamlValue::Kind::map) {
        problems.add(
            root->problem(fmt::format("an experiment is a block of keys such as 'name: my-first', not a {}",
                                      root->kind == YamlValue::Kind::list ? "list" : "single value")));
        problems.throw_if_any(ExitCode::usage);
    }
    return std::move(*root);
}

// The file's name, made usable as the name of a folder.
std::string default_name(const fs::path& file) {
    std::string name = file.stem().string();
    for (char& c : name) {
        const bool usable = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '.' || c == '_' || c == '-';
        if (!usable) c = '-';
    }
    name.erase(0, name.find_first_not_of(".-"));
    return name.empty() ? "experiment" : name;
}

// In the order of the file; overrides come last.
std::vector<Diagnostic> in_order(const Problems& problems) {
    std::vector<Diagnostic> list = problems.list();
    std::ranges::stable_sort(list, [](const Diagnostic& a, const Diagnostic& b) {
        const auto key = [](const Diagnostic& one) {
            return std::tuple(one.file.starts_with("--set "), one.line, one.column);
        };
        return key(a) < key(b);
    });
    return list;
}

void check_device(const YamlValue& root, const ExperimentConfig& config, Problems& problems) {
    if (config.device != DeviceChoice::cuda) return;
    const CudaStatus status = cuda_status();
    if (status.usable()) return;
    const bool only_this = problems.empty();
    problems.add(value_at(root, "device")->problem(cuda_refusal(status)));
    if (only_this) throw UserError(ExitCode::environment, problems.list());
}

}  // namespace

ExperimentConfig read_experiment(const fs::path& file, const std::vector<std::string>& overrides,
                                 MeantFor computer) {
    Problems problems;
    ExperimentConfig config;
    config.file = file;
    config.text = text_of(file);
    YamlValue root = block_of(file, config.text, problems);
    for (const auto& assignment : overrides) apply_override(root, assignment, problems);

    FileOnlyValues other;
    config.name = default_name(file);
    YamlReader reader(root, "", problems);
    experiment_fields(reader, config, other);
    reader.finish();
    resolve_data_paths(root, file.parent_path(), config, problems);
    check_config(root, config, other, problems);
    check_transfer(root, config, problems);
    if (computer == MeantFor::this_computer) check_device(root, config, problems);
    if (!problems.empty()) throw UserError(ExitCode::usage, in_order(problems));
    return config;
}

FeatureConfig read_features(const std::vector<std::string>& overrides) {
    Problems problems;
    ExperimentConfig config;
    YamlValue root = block_of("--set", "features: {}", problems);
    for (const auto& assignment : overrides) apply_override(root, assignment, problems);
    YamlReader reader(root, "", problems);
    reader.block({"features", "the spectrogram"},
                 [&](Fields& block) { feature_fields(block, config.features); });
    reader.finish();
    check_features(root, config, problems);
    if (!problems.empty()) throw UserError(ExitCode::usage, in_order(problems));
    return config.features;
}

}  // namespace kickdrum
