// SPDX-License-Identifier: MIT
#include "experiments/studies/study_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiments/config/read_experiment.h"
#include "experiments/files.h"
#include "experiments/report/html_study.h"
#include "experiments/runs/environment.h"
#include "experiments/runs/results_folder.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

template <class Enum>
Enum from_word(const std::string& word, std::initializer_list<Enum> all, Enum otherwise) {
    for (const Enum one : all) {
        if (word == to_string(one)) return one;
    }
    return otherwise;
}

VariantStatus variant_status(const std::string& word) {
    return from_word(word, {VariantStatus::failed, VariantStatus::left_out}, VariantStatus::waiting);
}

StudyStatus study_status(const std::string& word) {
    return from_word(word, {StudyStatus::running, StudyStatus::interrupted, StudyStatus::failed},
                     StudyStatus::done);
}

Json read_state(const fs::path& folder) {
    const fs::path file = folder / "study.json";
    Json state = Json::parse(read_file(file), nullptr, false);
    if (!state.is_object() || !state.contains("variants")) {
        throw UserError(ExitCode::usage, {Diagnostic{"isn't as Kickdrum writes it", file.string()}});
    }
    return state;
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw UserError(ExitCode::failed,
                        fmt::format("can't make the folder '{}': {}", folder.string(), error.message()));
    }
}

// Nothing is in it, or what a study leaves that was killed before it had begun.
bool is_free(const fs::path& folder) {
    std::error_code error;
    if (!fs::exists(folder, error)) return true;
    if (!fs::is_directory(folder, error)) return false;
    return std::all_of(fs::directory_iterator(folder), fs::directory_iterator(), [](const auto& entry) {
        const std::string name = final_name(entry.path().filename().string());
        return name == ".lock" || name == "plan" || name == "study.yaml" || name == "study.json";
    });
}

void remove_study(const fs::path& folder) {
    for (const auto* name : {"study.yaml", "study.json", "summary.json", "summary.md", "summary.tex",
                             "runs.csv", "report.html", "plan", "variants", "rounds"}) {
        fs::remove_all(folder / name);
    }
}

// What a killed process left half-written. The variants' folders see to themselves.
void remove_leftovers(const fs::path& folder) {
    std::vector<fs::path> doomed;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (final_name(name) != name && entry.is_regular_file()) doomed.push_back(entry.path());
    }
    for (const auto& file : doomed) fs::remove(file);
}

// From the variant's own folder; without one it waits.
VariantResults load_variant(const fs::path& folder, const std::string& name) {
    VariantResults variant;
    variant.name = name;
    variant.results.folder = folder;
    if (!fs::exists(folder / "state.json")) return variant;
    variant.results = load_results(folder);
    switch (variant.results.status) {
        case StudyStatus::running: variant.status = VariantStatus::running; break;
        case StudyStatus::interrupted: variant.status = VariantStatus::interrupted; break;
        case StudyStatus::failed: variant.status = VariantStatus::failed; break;
        case StudyStatus::done: variant.status = VariantStatus::done; break;
    }
    return variant;
}

}  // namespace

bool is_study_folder(const fs::path& folder) {
    std::error_code error;
    return fs::is_regular_file(folder / "study.json", error);
}

StudyFolder::StudyFolder(const fs::path& folder, const StudyPlan& plan, const std::string& command,
                         bool force)
    : folder_(folder), plan_(plan), command_(command) {
    const bool old_study = is_study_folder(folder);
    if (old_study ? !force : !is_free(folder)) {
        throw UserError(
            ExitCode::usage,
            old_study ? fmt::format("the study '{}' exists; go on with 'kickdrum resume', choose another "
                                    "folder with --out, or replace it with --force",
                                    folder.string())
                      : fmt::format("'{}' isn't empty and isn't a study; choose another with --out",
                                    folder.string()));
    }
    make_folder(folder);
    lock_ = std::make_unique<FolderLock>(folder);
    remove_study(folder);
    make_folder(folder / "plan");
    for (const auto& variant : plan.variants)
        write_file_atomically(folder / "plan" / (variant.folder + ".yaml"), variant.config.text);
    write_file_atomically(folder / "study.yaml", plan.text);
    write_state(StudyStatus::running);
}

StudyFolder::StudyFolder(const fs::path& folder) : folder_(folder) {
    if (FolderLock::held(folder)) throw in_use(folder);
    const Json state = read_state(folder);
    lock_ = std::make_unique<FolderLock>(folder);
    remove_leftovers(folder);
    plan_.name = state.at("study").get<std::string>();
    plan_.file = folder / "study.yaml";
    plan_.text = read_file(plan_.file);
    command_ = state.at("command").get<std::string>();
    const Json& halving = state.at("halving");
    halving.at("epochs").get_to(plan_.halving.epochs);
    halving.at("keep").get_to(plan_.halving.keep);
    halving.at("runs").get_to(plan_.halving.runs);
    for (const auto& one : state.at("variants")) {
        Variant variant;
        one.at("name").get_to(variant.name);
        one.at("folder").get_to(variant.folder);
        one.at("set").get_to(variant.set);
        if (one.contains("ensemble")) one.at("ensemble").get_to(variant.ensemble);
        const fs::path file = folder / "plan" / (variant.folder + ".yaml");
        variant.config = read_experiment(file);
        variant.config.text = read_file(file);
        plan_.variants.push_back(std::move(variant));
    }
}

fs::path StudyFolder::variant_folder(const Variant& variant) const {
    return folder_ / "variants" / variant.folder;
}

fs::path StudyFolder::round_folder(int round, const Variant& variant) const {
    return folder_ / "rounds" / std::to_string(round) / variant.folder;
}

void StudyFolder::note(const Variant& variant, VariantNote note) {
    notes_[variant.folder] = std::move(note);
}

void StudyFolder::write_state(StudyStatus status) const {
    Json state;
    state["kickdrum"] = kickdrum_version();
    state["study"] = plan_.name;
    state["status"] = to_string(status);
    state["command"] = command_;
    state["halving"] = {
        {"epochs", plan_.halving.epochs}, {"keep", plan_.halving.keep}, {"runs", plan_.halving.runs}};
    state["variants"] = Json::array();
    for (const auto& variant : plan_.variants) {
        Json one{{"name", variant.name},
                 {"folder", variant.folder},
                 {"set", variant.set},
                 {"runs", variant.config.runs}};
        if (!variant.ensemble.empty()) one["ensemble"] = variant.ensemble;
        if (const auto note = notes_.find(variant.folder); note != notes_.end()) {
            one["status"] = to_string(note->second.status);
            one["message"] = note->second.message;
        }
        state["variants"].push_back(std::move(one));
    }
    write_file_atomically(folder_ / "study.json",
                          state.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

StudyResults StudyFolder::write(StudyStatus status) {
    write_state(status);
    StudyResults study = load_study(folder_);
    study.status = status;
    write_study_files(study, folder_);
    return study;
}

StudyResults load_study(const fs::path& folder) {
    const Json state = read_state(folder);
    StudyResults study;
    study.folder = folder;
    study.name = state.at("study").get<std::string>();
    study.command = state.at("command").get<std::string>();
    study.status = study_status(state.at("status").get<std::string>());
    if (study.status == StudyStatus::running && !FolderLock::held(folder))
        study.status = StudyStatus::interrupted;
    for (const auto& one : state.at("variants")) {
        VariantResults variant = load_variant(folder / "variants" / one.at("folder").get<std::string>(),
                                              one.at("name").get<std::string>());
        one.at("set").get_to(variant.set);
        if (variant.results.study.runs == 0) variant.results.study.runs = one.at("runs").get<int>();
        variant.message = one.value("message", "");
        const VariantStatus noted = variant_status(one.value("status", ""));
        if (noted != VariantStatus::waiting) variant.status = noted;
        study.variants.push_back(std::move(variant));
    }
    compare_variants(study);
    return study;
}

void write_study_files(const StudyResults& study, const fs::path& folder, const std::string& name) {
    const std::string summary = name.empty() ? "summary" : name;
    write_file_atomically(folder / (summary + ".json"), study_json(study));
    write_file_atomically(folder / (summary + ".md"), study_markdown(study));
    write_file_atomically(folder / (summary + ".tex"), study_latex(study));
    write_file_atomically(folder / (name.empty() ? "runs.csv" : name + ".csv"), study_runs_csv(study));
    write_file_atomically(folder / (name.empty() ? "report.html" : name + ".html"), html_study(study));
}

}  // namespace kickdrum
