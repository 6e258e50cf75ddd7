// SPDX-License-Identifier: MIT
#include "experiments/ensembles/ensemble.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/config/read_experiment.h"
#include "experiments/files.h"
#include "experiments/report/html_report.h"
#include "experiments/runs/check.h"
#include "experiments/runs/experiment_steps.h"
#include "experiments/runs/folder_lock.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/result_text.h"
#include "experiments/runs/results_folder.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

fs::path member_folder(const fs::path& out, const EnsembleMember& member) {
    return out / "members" / member.folder;
}

// Of an earlier ensemble, what ResultsFolder doesn't know.
void remove_ensemble(const fs::path& folder) {
    for (const auto* name : {"ensemble.yaml", "ensemble.json", "plan", "members"})
        fs::remove_all(folder / name);
    if (!fs::is_directory(folder / "runs")) return;
    for (const auto& run : fs::directory_iterator(folder / "runs")) fs::remove(run.path() / "ensemble.json");
}

void write_plan(const EnsemblePlan& plan, const RunOptions& options) {
    const fs::path& out = options.out;
    if (is_ensemble_folder(out) && options.force) remove_ensemble(out);
    if (is_ensemble_folder(out)) {
        throw UserError(
            ExitCode::usage,
            fmt::format("the ensemble '{}' exists; go on with 'kickdrum resume', choose another folder "
                        "with --out, or replace it with --force",
                        out.string()));
    }
    // An old results folder goes, a new one is locked only when it's written.
    { const ResultsFolder folder(out, options.force ? FolderUse::replace : FolderUse::fresh); }
    std::error_code error;
    fs::create_directories(out / "plan", error);
    if (error) {
        throw UserError(ExitCode::failed,
                        fmt::format("can't make '{}': {}", (out / "plan").string(), error.message()));
    }
    Json state{{"kickdrum", kickdrum_version()}, {"ensemble", plan.name}, {"members", Json::array()}};
    for (const auto& member : plan.members) {
        write_file_atomically(out / "plan" / (member.folder + ".yaml"), member.config.text);
        state["members"].push_back({{"name", member.name}, {"folder", member.folder}});
    }
    write_file_atomically(out / "ensemble.yaml", plan.text);
    write_file_atomically(out / "ensemble.json", dump(state));
}

EnsemblePlan read_plan(const fs::path& folder) {
    const fs::path file = folder / "ensemble.json";
    const Json state = Json::parse(read_file(file), nullptr, false);
    if (!state.is_object() || !state.contains("members"))
        throw UserError(ExitCode::usage, {Diagnostic{"isn't as Kickdrum writes it", file.string()}});
    EnsemblePlan plan;
    plan.name = state.at("ensemble").get<std::string>();
    plan.file = folder / "ensemble.yaml";
    plan.text = read_file(plan.file);
    for (const auto& one : state.at("members")) {
        EnsembleMember member;
        one.at("name").get_to(member.name);
        one.at("folder").get_to(member.folder);
        const fs::path resolved = folder / "plan" / (member.folder + ".yaml");
        member.config = read_experiment(resolved);
        member.config.text = read_file(resolved);
        plan.members.push_back(std::move(member));
    }
    return plan;
}

class EnsembleRunner {
 public:
    EnsembleRunner(const EnsemblePlan& plan, const RunOptions& options)
        : plan_(plan),
          options_(options),
          progress_(options.json ? std::cerr : std::cout,
                    progress_style(options.json ? 2 : 1, options.quiet)) {}

    ExitCode run() {
        {
            const FolderLock lock(options_.out);
            for (const auto& member : plan_.members) {
                if (train(member) == ExitCode::interrupted) {
                    progress_.interrupted(how_to_resume(options_.out));
                    return ExitCode::interrupted;
                }
            }
        }
        std::vector<Member> members;
        for (const auto& member : plan_.members)
            members.push_back({member.name, load_results(member_folder(options_.out, member))});
        const Results results =
            write_average(members, plan_.name, options_.out, plan_.text, options_.command);
        const Summary summary = summarize(results);
        progress_.finished(results, summary, options_.out / "report.html");
        if (options_.json) std::cout << to_json(summary) << std::flush;
        return ExitCode::done;
    }

 private:
    ExitCode train(const EnsembleMember& member) {
        const fs::path folder = member_folder(options_.out, member);
        progress_.note(fmt::format("\n{}: {} runs", member.name, member.config.runs));
        RunOptions options = options_;
        options.out = folder;
        options.force = true;
        options.json = false;
        options.part_of_study = true;
        options.log_to_stderr = options_.json;
        try {
            if (fs::exists(folder / "resolved.yaml") && fs::exists(folder / "state.json")) {
                if (load_results(folder).status == StudyStatus::done) return ExitCode::done;
                return resume_experiment(options);
            }
            return run_experiment(member.config, options);
        } catch (const UserError& error) {
            std::vector<Diagnostic> all = error.diagnostics();
            all.front().message = fmt::format(
                "the ensemble's member '{}' failed: {}; when that is mended, '{}' goes on with it",
                member.name, all.front().message,
                join_command({"kickdrum", "resume", options_.out.string()}));
            throw UserError(error.code(), std::move(all));
        }
    }

    const EnsemblePlan& plan_;
    const RunOptions& options_;
    Progress progress_;
};

// The models of the members' runs, as paths from the ensemble's run.
void write_models(const std::vector<Member>& members, const Results& results, const fs::path& folder) {
    for (const RunResult& run : results.runs) {
        const fs::path place = folder / "runs" / fmt::format("{:02}", run.run);
        Json json{{"kickdrum", kickdrum_version()},
                  {"ensemble", results.study.name},
                  {"run", run.run},
                  {"classes", results.study.classes},
                  {"combine", "mean of the probabilities"},
                  {"members", Json::array()}};
        for (const Member& member : members) {
            const fs::path model =
                member.results.folder / "runs" / fmt::format("{:02}", run.run) / "model.safetensors";
            json["members"].push_back(
                {{"name", member.name},
                 {"model", fs::absolute(model).lexically_relative(fs::absolute(place)).string()}});
        }
        write_file_atomically(place / "ensemble.json", dump(json));
    }
}

// The members' tables of the splits are each the same.
void copy_splits(const Results& member, const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(member.folder)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("split") && name.ends_with(".csv"))
            write_file_atomically(folder / name, read_file(entry.path()));
    }
}

}  // namespace

Results write_average(const std::vector<Member>& members, const std::string& name, const fs::path& folder,
                      std::string_view text, const std::string& command) {
    Results results = average_members(members, name);
    results.folder = folder;
    results.environment.command = command;
    results.status = StudyStatus::done;
    ResultsFolder written(folder, fs::exists(folder / "state.json") ? FolderUse::replace : FolderUse::resume);
    written.write_study(results.study);
    written.write_experiment(text);
    written.write_environment(results.environment);
    copy_splits(members.front().results, folder);
    for (const RunResult& run : results.runs) written.write_run(run);
    write_models(members, results, folder);
    written.write_summary(summarize(results));
    written.write_report(html_report(results));
    written.log("averaged", {{"members", std::ssize(members)}});
    written.set_status(StudyStatus::done);
    return results;
}

ExitCode run_ensemble(const EnsemblePlan& plan, const RunOptions& options) {
    write_plan(plan, options);
    return EnsembleRunner(plan, options).run();
}

bool is_ensemble_folder(const fs::path& folder) {
    std::error_code error;
    return fs::is_regular_file(folder / "ensemble.json", error);
}

ExitCode resume_ensemble(const RunOptions& options) {
    if (FolderLock::held(options.out)) throw in_use(options.out);
    const EnsemblePlan plan = read_plan(options.out);
    return EnsembleRunner(plan, options).run();
}

ExitCode check_ensemble(const EnsemblePlan& plan, const RunOptions& options) {
    Progress progress(options.json ? std::cerr : std::cout,
                      progress_style(options.json ? 2 : 1, options.quiet));
    std::string lines;
    std::string documents;
    double seconds = 0;
    for (const auto& member : plan.members) {
        progress.note(fmt::format("\n{}", member.name));
        const CheckReport report = check_experiment(
            member.config, {.cache = options.cache, .threads = options.threads, .architecture = {}},
            progress);
        if (report.interrupted) {
            progress.interrupted("the features that were ready stay in the cache");
            return ExitCode::interrupted;
        }
        if (&member == &plan.members.front() && !options.json) std::cout << to_text(report) << std::flush;
        seconds += report.time.total_seconds;
        lines += fmt::format("{}: {:.3g} M parameters, {} runs, at most {}\n", member.name,
                             static_cast<double>(parameter_count(report.layers)) / 1e6, member.config.runs,
                             duration_text(report.time.total_seconds));
        documents += (documents.empty() ? "" : ",\n") + to_json(report);
    }
    if (options.json) {
        std::cout << "[\n" << documents << "]\n" << std::flush;
    } else {
        std::cout << '\n'
                  << lines
                  << fmt::format("\n{} members, at most {} together\n", plan.members.size(),
                                 duration_text(seconds))
                  << std::flush;
    }
    return ExitCode::done;
}

}  // namespace kickdrum
