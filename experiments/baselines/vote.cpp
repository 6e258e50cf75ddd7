// SPDX-License-Identifier: MIT
#include "experiments/baselines/vote.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/diagnostics.h"
#include "experiments/runs/results_folder.h"
#include "nn/metrics/classification.h"

namespace kickdrum {
namespace {

double weighted_f1(const Matrix& probabilities, const std::vector<int>& labels) {
    std::vector<int> predicted;
    for (std::size_t i = 0; i < probabilities.rows; ++i) {
        const auto row = probabilities.row(i);
        predicted.push_back(static_cast<int>(std::ranges::max_element(row) - row.begin()));
    }
    return classify(labels, predicted, static_cast<int>(probabilities.columns)).weighted_f1;
}

// All ways to deal `parts` parts to `count` members.
void deal(int parts, std::size_t count, std::vector<int>& dealt, std::vector<std::vector<int>>& all) {
    if (dealt.size() + 1 == count) {
        dealt.push_back(parts);
        all.push_back(dealt);
        dealt.pop_back();
        return;
    }
    for (int own = 0; own <= parts; ++own) {
        dealt.push_back(own);
        deal(parts - own, count, dealt, all);
        dealt.pop_back();
    }
}

[[noreturn]] void refuse(const std::string& name, const std::filesystem::path& folder,
                         const std::string& why) {
    throw UserError(ExitCode::usage,
                    fmt::format("the vote's member '{}' takes its probabilities from '{}', but {}", name,
                                folder.string(), why));
}

Matrix in_order(const BaselineSpec& spec, const std::filesystem::path& folder, const ClipTable& table,
                const std::vector<std::int32_t>& clips, const PartResult& part, std::string_view part_name) {
    std::map<std::string_view, const Prediction*> by_id;
    for (const auto& one : part.predictions) by_id.emplace(one.sample_id, &one);
    if (by_id.size() != clips.size()) {
        refuse(spec.name, folder,
               fmt::format(
                   "its {} part has {} clips and this one {}: run both with the same 'split', and leave the "
                   "same clips out",
                   part_name, by_id.size(), clips.size()));
    }
    Matrix probabilities(clips.size(), table.classes.size());
    for (std::size_t i = 0; i < clips.size(); ++i) {
        const Clip& clip = table.clips[static_cast<std::size_t>(clips[i])];
        const auto found = by_id.find(clip.id);
        if (found == by_id.end()) {
            refuse(spec.name, folder,
                   fmt::format("its {} part is without clip '{}': run both with the same 'split'", part_name,
                               clip.id));
        }
        std::ranges::copy(found->second->probabilities, probabilities.row(i).begin());
    }
    return probabilities;
}

}  // namespace

Matrix weighted(const std::vector<VoteMember>& members, const std::vector<double>& weights,
                Matrix VoteMember::*part) {
    Matrix sum((members.front().*part).rows, (members.front().*part).columns);
    double all = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
        for (std::size_t i = 0; i < sum.values.size(); ++i)
            sum.values[i] += weights[m] * (members[m].*part).values[i];
        all += weights[m];
    }
    for (double& value : sum.values) value /= all;
    return sum;
}

std::vector<double> best_weights(const std::vector<VoteMember>& members, const std::vector<int>& val_labels,
                                 double step) {
    const int parts = std::max(1, static_cast<int>(std::lround(1 / step)));
    std::vector<std::vector<int>> candidates;
    std::vector<int> dealt;
    deal(parts, members.size(), dealt, candidates);
    std::vector<double> best;
    double best_score = -1;
    double best_distance = 0;
    for (const auto& candidate : candidates) {
        std::vector<double> weights;
        double distance = 0;
        for (const int own : candidate) {
            weights.push_back(static_cast<double>(own) / parts);
            const double off = weights.back() - 1.0 / static_cast<double>(candidate.size());
            distance += off * off;
        }
        const double score = weighted_f1(weighted(members, weights, &VoteMember::val), val_labels);
        if (score < best_score || (score == best_score && distance >= best_distance)) continue;
        best = std::move(weights);
        best_score = score;
        best_distance = distance;
    }
    return best;
}

VoteMember read_member(const BaselineSpec& spec, const std::filesystem::path& folder, const ClipTable& table,
                       const std::vector<std::int32_t>& val, const std::vector<std::int32_t>& test, int run) {
    const std::filesystem::path from =
        spec.results.folder.empty() ? folder.parent_path() / spec.results.variant : spec.results.folder;
    if (!std::filesystem::exists(from / "state.json")) {
        refuse(spec.name, from,
               spec.results.folder.empty()
                   ? "there are no results of such a variant; it must stand before the vote in the same study"
                   : "that is no results folder; run that experiment first");
    }
    const Results results = load_results(from);
    if (results.study.classes != table.classes) refuse(spec.name, from, "its classes are others");
    const auto found = std::ranges::find(results.runs, run, &RunResult::run);
    if (found == results.runs.end()) {
        refuse(spec.name, from,
               fmt::format("run {} isn't finished there; 'kickdrum resume' goes on with it", run));
    }
    return {.train = {},
            .val = in_order(spec, from, table, val, found->val, "validation"),
            .test = in_order(spec, from, table, test, found->test, "test")};
}

}  // namespace kickdrum
