// SPDX-License-Identifier: MIT
#include "experiments/ensembles/average.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/diagnostics.h"

namespace kickdrum {
namespace {

constexpr double kLeastProbability = 1e-30;  // of a label, for the loss

[[noreturn]] void refuse(const std::string& message) {
    throw UserError(ExitCode::usage, message);
}

void require_finished(const Member& member) {
    const Results& results = member.results;
    if (results.status == StudyStatus::done && std::ssize(results.runs) == results.study.runs) return;
    refuse(
        fmt::format("the ensemble's member '{}' isn't finished: {} of its {} runs are there ({}); go on with "
                    "it, or take it "
                    "out of the ensemble",
                    member.name, results.runs.size(), results.study.runs, to_string(results.status)));
}

void require_alike(const Member& first, const Member& member) {
    const Study& a = first.results.study;
    const Study& b = member.results.study;
    const auto differ = [&](std::string_view what, const auto& of_a, const auto& of_b,
                            std::string_view advice) {
        refuse(fmt::format("the members of an ensemble must agree in their {}: '{}' has {}, '{}' has {}; {}",
                           what, first.name, of_a, member.name, of_b, advice));
    };
    if (a.classes != b.classes) {
        differ("classes", fmt::format("{}", fmt::join(a.classes, ", ")),
               fmt::format("{}", fmt::join(b.classes, ", ")),
               "give all of them the same 'data.classes', in the same order");
    }
    if (a.runs != b.runs) differ("number of runs", a.runs, b.runs, "give all of them the same 'runs'");
    if (a.split_seeds != b.split_seeds) {
        differ("split seeds", fmt::format("{}", fmt::join(a.split_seeds, ", ")),
               fmt::format("{}", fmt::join(b.split_seeds, ", ")), "give all of them the same 'split.seeds'");
    }
}

// The members' predictions of one part of one run.
using Parts = std::vector<const PartResult*>;

PartResult mean_of(const Parts& parts, const std::vector<Member>& members, int run, std::string_view name,
                   std::size_t classes) {
    const auto& first = parts.front()->predictions;
    PartResult mean;
    std::vector<int> labels;
    std::vector<int> predicted;
    for (std::size_t clip = 0; clip < first.size(); ++clip) {
        std::vector<double> sums(classes);
        for (std::size_t m = 0; m < parts.size(); ++m) {
            const auto& other = parts[m]->predictions;
            if (other.size() != first.size() || other[clip].sample_id != first[clip].sample_id ||
                other[clip].label != first[clip].label) {
                refuse(
                    fmt::format("the members of an ensemble must have the same clips in the same split: in "
                                "run {} the {} part of "
                                "'{}' isn't that of '{}'; give both the same 'data' and 'split'",
                                run, name, members[m].name, members[0].name));
            }
            for (std::size_t c = 0; c < classes; ++c)
                sums[c] += static_cast<double>(other[clip].probabilities[c]);
        }
        Prediction prediction{
            .sample_id = first[clip].sample_id, .label = first[clip].label, .probabilities = {}};
        for (const double sum : sums)
            prediction.probabilities.push_back(static_cast<float>(sum / static_cast<double>(parts.size())));
        prediction.predicted = argmax(prediction.probabilities);
        const auto label = static_cast<std::size_t>(prediction.label);
        mean.loss -=
            std::log(std::max(static_cast<double>(prediction.probabilities[label]), kLeastProbability));
        labels.push_back(prediction.label);
        predicted.push_back(prediction.predicted);
        mean.predictions.push_back(std::move(prediction));
    }
    mean.loss /= static_cast<double>(std::max<std::size_t>(first.size(), 1));
    mean.scores = classify(labels, predicted, static_cast<int>(classes));
    return mean;
}

RunResult average_run(const std::vector<Member>& members, std::size_t index, std::size_t classes) {
    RunResult run;
    run.run = members.front().results.runs[index].run;
    run.seed = members.front().results.runs[index].seed;
    const auto part = [&](PartResult RunResult::*which, std::string_view name) {
        Parts parts;
        for (const Member& member : members) parts.push_back(&(member.results.runs[index].*which));
        return mean_of(parts, members, run.run, name, classes);
    };
    run.train = part(&RunResult::train, "training");
    run.val = part(&RunResult::val, "validation");
    run.test = part(&RunResult::test, "test");
    for (const Member& member : members) {
        for (const auto& [what, seconds] : member.results.runs[index].seconds) run.seconds[what] += seconds;
    }
    return run;
}

}  // namespace

Results average_members(const std::vector<Member>& members, const std::string& name) {
    if (members.size() < 2) refuse(fmt::format("the ensemble '{}' needs two or more members", name));
    for (const Member& member : members) require_finished(member);
    for (const Member& member : members) {
        if (!member.results.study.sets) continue;
        refuse(fmt::format(
            "the ensemble's member '{}' gives clips several classes; ensembles are of experiments with "
            "one class per clip",
            member.name));
    }
    for (const Member& member : members) require_alike(members.front(), member);
    Results results = members.front().results;
    results.folder.clear();
    results.resolved_yaml.clear();
    results.runs.clear();
    results.study.name = name;
    std::string models;
    for (const Member& member : members)
        models += fmt::format("{}{}", models.empty() ? "" : ", ", member.name);
    results.study.model = fmt::format("mean of {} members: {}", members.size(), models);
    results.study.published.clear();
    results.study.published_source.clear();
    for (std::size_t i = 0; i < members.front().results.runs.size(); ++i)
        results.runs.push_back(average_run(members, i, results.study.classes.size()));
    return results;
}

}  // namespace kickdrum
