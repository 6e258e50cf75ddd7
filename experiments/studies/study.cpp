// SPDX-License-Identifier: MIT
#include "experiments/studies/study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "experiments/baselines/baseline_check.h"
#include "experiments/config/resolved_yaml.h"
#include "experiments/ensembles/ensemble.h"
#include "experiments/report/score_text.h"
#include "experiments/runs/check.h"
#include "experiments/runs/experiment_steps.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/result_text.h"
#include "experiments/runs/results_folder.h"
#include "experiments/runs/stopwatch.h"
#include "experiments/studies/study_folder.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

constexpr int kManyRuns = 100;

class StudyRunner {
 public:
    StudyRunner(StudyFolder& folder, const RunOptions& options)
        : folder_(folder),
          options_(options),
          progress_(options.json ? std::cerr : std::cout,
                    progress_style(options.json ? 2 : 1, options.quiet)) {
        for (const auto& variant : folder.plan().variants) left_.push_back(&variant);
    }

    ExitCode run() {
        const Halving& halving = folder_.plan().halving;
        for (std::size_t round = 0; round < halving.epochs.size(); ++round) {
            if (!halve(static_cast<int>(round) + 1, halving.epochs[round])) return interrupted();
        }
        runs_left_ = 0;
        for (const auto* variant : left_) runs_left_ += variant->ensemble.empty() ? variant->config.runs : 0;
        for (const auto* variant : left_) {
            if (!variant->ensemble.empty()) {
                average(*variant);
            } else if (!train(*variant, variant->config, folder_.variant_folder(*variant), ""))
                return interrupted();
            folder_.write(StudyStatus::running);
        }
        const StudyResults study = folder_.write(failed_ ? StudyStatus::failed : StudyStatus::done);
        if (options_.json) {
            std::cout << study_json(study) << std::flush;
        } else {
            std::cout << '\n'
                      << study_text(study) << "Report: " << folder_.report_path().string() << std::endl;
        }
        return failed_ ? ExitCode::failed : ExitCode::done;
    }

 private:
    ExitCode interrupted() {
        folder_.write(StudyStatus::interrupted);
        progress_.interrupted(how_to_resume(options_.out));
        return ExitCode::interrupted;
    }

    // One round: returns false where it was interrupted.
    bool halve(int round, int epochs) {
        const Halving& halving = folder_.plan().halving;
        std::vector<std::pair<double, const Variant*>> scores;
        runs_left_ = static_cast<int>(left_.size()) * halving.runs;
        for (const auto* variant : left_) {
            ExperimentConfig config = variant->config;
            config.training.epochs = epochs;
            config.runs = halving.runs;
            if (config.split.seeds.size() > 1)
                config.split.seeds.resize(static_cast<std::size_t>(halving.runs), config.split.seeds.front());
            config.text = resolved_yaml(config);
            const fs::path folder = folder_.round_folder(round, *variant);
            if (!train(*variant, config, folder, fmt::format("round {}, ", round))) return false;
            scores.emplace_back(validation_of(folder), variant);
        }
        std::ranges::stable_sort(scores, std::greater(), [](const auto& one) { return one.first; });
        const auto kept = static_cast<std::size_t>(
            std::max(1.0, std::ceil(halving.keep * static_cast<double>(scores.size()))));
        for (std::size_t i = kept; i < scores.size(); ++i) {
            const Variant& variant = *scores[i].second;
            if (failures_.contains(variant.folder)) continue;
            folder_.note(variant,
                         {.status = VariantStatus::left_out,
                          .message = fmt::format("place {} of {} in round {} of the halving, by "
                                                 "validation weighted F1 ({:.3f} after {} epochs)",
                                                 i + 1, scores.size(), round, scores[i].first, epochs)});
        }
        scores.resize(kept);
        std::erase_if(left_, [&](const Variant* variant) {
            return std::ranges::none_of(scores, [&](const auto& one) { return one.second == variant; }) ||
                   failures_.contains(variant->folder);
        });
        return true;
    }

    static double validation_of(const fs::path& folder) {
        if (!fs::exists(folder / "state.json")) return -1;
        const Summary summary = summarize(load_results(folder));
        const MetricSummary* metric = summary.find("val.weighted_f1");
        return metric == nullptr || !std::isfinite(metric->mean) ? -1 : metric->mean;
    }

    // Returns false where it was interrupted. What fails is noted.
    bool train(const Variant& variant, const ExperimentConfig& config, const fs::path& folder,
               const std::string& what) {
        const int runs = config.runs;
        progress_.note(fmt::format("\n{}{}: {}{}", what, variant.name,
                                   runs == 1 ? "1 run" : fmt::format("{} runs", runs), time_left()));
        const Stopwatch watch;
        try {
            const ExitCode code = run_or_resume(config, folder);
            if (code == ExitCode::interrupted) return false;
            if (trained_) seconds_ += watch.seconds();
            if (trained_) runs_trained_ += runs;
        } catch (const UserError& error) {
            fail(variant, error.diagnostics().front().message);
        } catch (const std::exception& error) {
            fail(variant, error.what());
        }
        runs_left_ -= runs;
        return true;
    }

    // The mean of variants that have trained.
    void average(const Variant& variant) {
        progress_.note(fmt::format("\n{}: the mean of {}", variant.name, fmt::join(variant.ensemble, ", ")));
        try {
            std::vector<Member> members;
            for (const auto& name : variant.ensemble) {
                const Variant& member = *folder_.plan().find(name);
                const fs::path folder = folder_.variant_folder(member);
                if (failures_.contains(member.folder) || !fs::exists(folder / "state.json")) {
                    throw UserError(ExitCode::failed,
                                    fmt::format("its member '{}' has failed; when that is mended, "
                                                "'kickdrum resume' goes on with both",
                                                name));
                }
                members.push_back({name, load_results(folder)});
            }
            const Results results =
                write_average(members, variant.config.name, folder_.variant_folder(variant),
                              variant.config.text, options_.command);
            progress_.note(fmt::format("Test F1 {}   {}",
                                       mean_with_interval(summarize(results), "test.weighted_f1"),
                                       (results.folder / "report.html").string()));
        } catch (const UserError& error) {
            fail(variant, error.diagnostics().front().message);
        }
    }

    ExitCode run_or_resume(const ExperimentConfig& config, const fs::path& folder) {
        RunOptions options = options_;
        options.out = folder;
        options.force = true;
        options.json = false;
        options.part_of_study = true;
        options.log_to_stderr = options_.json;
        trained_ = false;
        if (fs::exists(folder / "resolved.yaml") && fs::exists(folder / "state.json")) {
            if (load_results(folder).status == StudyStatus::done) return ExitCode::done;
            return resume_experiment(options);
        }
        trained_ = true;
        return run_experiment(config, options);
    }

    void fail(const Variant& variant, const std::string& message) {
        failed_ = true;
        failures_.insert(variant.folder);
        folder_.note(variant, {.status = VariantStatus::failed, .message = message});
        progress_.warning(fmt::format("{} failed: {}", variant.name, message));
    }

    // By the variants that were trained in this call.
    std::string time_left() const {
        if (runs_trained_ == 0) return {};
        return fmt::format(", about {} left for {} of the study",
                           duration_text(seconds_ / runs_trained_ * runs_left_),
                           runs_left_ == 1 ? "1 run" : fmt::format("{} runs", runs_left_));
    }

    StudyFolder& folder_;
    const RunOptions& options_;
    Progress progress_;
    std::vector<const Variant*> left_;
    std::set<std::string> failures_;
    int runs_left_ = 0;
    int runs_trained_ = 0;
    double seconds_ = 0;
    bool trained_ = false;
    bool failed_ = false;
};

CheckReport check_variant(const Variant& variant, const RunOptions& options, Progress& progress) {
    return check_experiment(
        variant.config, {.cache = options.cache, .threads = options.threads, .architecture = {}}, progress);
}

void refuse_explosion(const StudyPlan& plan, const RunOptions& options) {
    Progress progress(std::cerr, progress_style(2, options.quiet));
    // Baselines are quick.
    const auto network = std::ranges::find_if(
        plan.variants, [](const Variant& variant) { return variant.config.chosen_baseline() == nullptr; });
    if (network == plan.variants.end()) return;
    const Variant& first = *network;
    const CheckReport report = check_variant(first, options, progress);
    const double hours = report.time.total_seconds / first.config.runs * plan.runs() / 3600;
    throw UserError(
        ExitCode::usage,
        fmt::format(
            "the study has {} variants and {} runs, at most about {:.3g} h by a few steps of the first on "
            "this computer; give --yes to run them all, or make it smaller: a random choice with a budget, "
            "or halving",
            plan.variants.size(), plan.runs(), hours));
}

}  // namespace

ExitCode run_study(const StudyPlan& plan, const RunOptions& options, bool yes) {
    if (plan.runs() > kManyRuns && !yes) refuse_explosion(plan, options);
    StudyFolder folder(options.out, plan, options.command, options.force);
    return StudyRunner(folder, options).run();
}

ExitCode resume_study(const RunOptions& options) {
    StudyFolder folder(options.out);
    return StudyRunner(folder, options).run();
}

ExitCode check_study(const StudyPlan& plan, const RunOptions& options) {
    Progress progress(options.json ? std::cerr : std::cout,
                      progress_style(options.json ? 2 : 1, options.quiet));
    Problems problems;
    ExitCode code = ExitCode::done;
    std::string lines;
    std::string documents;
    double seconds = 0;
    const CheckOptions how{.cache = options.cache, .threads = options.threads, .architecture = {}};
    for (const auto& variant : plan.variants) {
        if (!variant.ensemble.empty()) {
            lines += fmt::format("{}: the mean of {}\n", variant.name, fmt::join(variant.ensemble, ", "));
            continue;
        }
        progress.note(fmt::format("\n{}", variant.name));
        try {
            if (variant.config.chosen_baseline() != nullptr) {
                const BaselineCheck checked = check_baseline(variant.config, how, progress);
                if (checked.interrupted) return ExitCode::interrupted;
                if (!options.json) std::cout << checked.text << std::flush;
                lines += fmt::format("{}: {} runs\n", variant.name, variant.config.runs);
                documents += (documents.empty() ? "" : ",\n") + checked.json;
                continue;
            }
            const CheckReport report = check_variant(variant, options, progress);
            if (report.interrupted) {
                progress.interrupted("the features that were ready stay in the cache");
                return ExitCode::interrupted;
            }
            if (&variant == &plan.variants.front() && !options.json)
                std::cout << to_text(report) << std::flush;
            seconds += report.time.total_seconds;
            lines += fmt::format("{}: {:.3g} M parameters, {} runs, at most {}\n", variant.name,
                                 static_cast<double>(parameter_count(report.layers)) / 1e6,
                                 variant.config.runs, duration_text(report.time.total_seconds));
            documents += (documents.empty() ? "" : ",\n") + to_json(report);
        } catch (const UserError& error) {
            code = error.code();
            for (auto diagnostic : error.diagnostics()) {
                diagnostic.message = fmt::format("{}: {}", variant.name, diagnostic.message);
                problems.add(diagnostic);
            }
        }
    }
    problems.throw_if_any(code);
    if (options.json) {
        std::cout << "[\n" << documents << "]\n" << std::flush;
    } else {
        std::cout << '\n'
                  << lines
                  << fmt::format(
                         "\n{} variants, {} runs, at most {} together; early stopping makes it less\n",
                         plan.variants.size(), plan.runs(), duration_text(seconds))
                  << std::flush;
    }
    return ExitCode::done;
}

}  // namespace kickdrum
