// SPDX-License-Identifier: MIT
#include "experiments/report/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include "experiments/data/label_sets.h"
#include "experiments/runs/summary.h"

namespace kickdrum {
namespace {

// A class or part that hangs on fewer groups than this is worth a warning.
constexpr int kFewGroups = 5;

using GroupOf = std::map<std::string, std::string>;

GroupOf groups_by_clip(const SplitTable* split) {
    GroupOf groups;
    if (split == nullptr) return groups;
    for (const auto& row : split->rows) groups[row.sample_id] = row.group;
    return groups;
}

// The group bootstrap of runs that tested the same clips; none where a clip's group isn't known.
std::optional<GroupBootstrap> bootstrap(std::span<const RunResult> runs, const GroupOf& group_of,
                                        int classes) {
    std::vector<int> labels;
    std::vector<std::string> groups;
    std::vector<std::vector<int>> predictions(runs.size());
    for (const auto& prediction : runs.front().test.predictions) {
        const auto group = group_of.find(prediction.sample_id);
        if (group == group_of.end()) return std::nullopt;
        labels.push_back(prediction.label);
        groups.push_back(group->second);
    }
    if (labels.empty()) return std::nullopt;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        for (const auto& prediction : runs[run].test.predictions)
            predictions[run].push_back(prediction.predicted);
        if (predictions[run].size() != labels.size()) return std::nullopt;
    }
    return bootstrap_weighted_f1(labels, groups, predictions, classes);
}

void warn_of_runs(const Results& results, std::vector<std::string>& list) {
    const std::size_t runs = results.runs.size();
    if (runs == 1) list.push_back("A single run: how much the score scatters from seed to seed is unknown.");
    if (runs == 2) list.push_back("Two runs: their interval is so wide that it says almost nothing.");
    std::string diverged;
    int still_improving = 0;
    for (const auto& run : results.runs) {
        if (!std::isfinite(run.test.loss) || !std::isfinite(run.val.loss))
            diverged += fmt::format(" {}", run.run);
        const bool trained = !run.history.empty();  // baselines and ensembles have no epochs
        if (trained && run.best_epoch == static_cast<int>(run.history.size()) && !run.stopped_early)
            ++still_improving;
    }
    if (!diverged.empty())
        list.push_back(fmt::format("The loss isn't finite in run{}: it diverged.", diverged));
    if (still_improving > 0) {
        list.push_back(fmt::format("{} of {} runs did best in their last epoch: more epochs may help.",
                                   still_improving, runs));
    }
}

void warn_of_split(const Results& results, std::vector<std::string>& list) {
    static constexpr std::array<std::string_view, 3> kParts = {"training", "validation", "test"};
    std::set<std::string> said;  // once, though several splits may have it
    for (const auto& split : results.splits) {
        if (split.rows.empty()) continue;
        const SplitCounts counts =
            count_split(split, static_cast<int>(results.study.classes.size()), results.study.sets);
        if (!counts.leaked.empty()) {
            said.insert(fmt::format(
                "Leak: {} groups have clips in more than one part (the first is '{}'). The scores "
                "are too good.",
                counts.leaked.size(), counts.leaked.front()));
        }
        for (std::size_t c = 0; c < counts.by_class.size(); ++c) {
            for (std::size_t part = 0; part < kParts.size(); ++part) {
                if (counts.by_part[part].clips == 0) continue;  // the published protocol has no such part
                const int groups = counts.by_class[c][part].groups;
                if (groups >= kFewGroups) continue;
                said.insert(fmt::format("Class '{}' has {} group{} in the {} part{}.",
                                        results.study.classes[c], groups == 0 ? "no" : std::to_string(groups),
                                        groups == 1 ? "" : "s", kParts[part],
                                        part == 0 ? "" : ": its score there hangs on them"));
            }
        }
    }
    // "Leak" sorts behind "Class": put the gravest first.
    for (const auto& sentence : said) {
        list.insert(sentence.starts_with("Leak") ? list.begin() : list.end(), sentence);
    }
}

// In front of all else.
void warn_of_audio(const Results& results, std::vector<std::string>& list) {
    if (!results.study.leaks) return;
    const LeakCheck& leaks = *results.study.leaks;
    for (const auto& column : leaks.columns) {
        list.insert(list.begin(),
                    fmt::format("Leak: clips of {} of the {} tracks in the column '{}' lie in two "
                                "parts. The scores are too good.",
                                column.parted, column.tracks, column.column));
    }
    if (leaks.pairs.empty()) return;
    list.insert(list.begin(),
                fmt::format("Leak: the same audio lies in two parts, {} time{}; the list is under Data. The "
                            "scores are too good.",
                            leaks.pairs.size(), leaks.pairs.size() == 1 ? "" : "s"));
}

void warn_of_predictions(const Results& results, std::vector<std::string>& list) {
    const MeanConfusion confusion = mean_confusion(results.runs, &RunResult::test);
    for (std::size_t column = 0; column < confusion.mean.size(); ++column) {
        double predicted = 0;
        for (const auto& row : confusion.mean) predicted += row[column];
        if (predicted == 0) {
            list.push_back(
                fmt::format("No run ever predicts '{}' in the test part.", results.study.classes[column]));
        }
    }
}

}  // namespace

std::optional<TestSetUncertainty> test_set_uncertainty(const Results& results) {
    if (results.runs.empty() || results.study.sets) return std::nullopt;
    const auto classes = static_cast<int>(results.study.classes.size());
    TestSetUncertainty uncertainty;
    uncertainty.per_run = results.splits.size() > 1;
    const std::size_t step = uncertainty.per_run ? 1 : results.runs.size();
    double times = 0;
    for (std::size_t i = 0; i < results.runs.size(); i += step) {
        const std::span runs = std::span(results.runs).subspan(i, step);
        const auto interval =
            bootstrap(runs, groups_by_clip(results.split_of_run(runs.front().run)), classes);
        if (!interval) return std::nullopt;
        uncertainty.ci95.low += interval->ci95.low;
        uncertainty.ci95.high += interval->ci95.high;
        uncertainty.clips = static_cast<int>(runs.front().test.predictions.size());
        uncertainty.groups = interval->groups;
        uncertainty.resamples = interval->resamples;
        times += 1;
    }
    uncertainty.ci95.low /= times;
    uncertainty.ci95.high /= times;
    return uncertainty;
}

SplitCounts count_split(const SplitTable& split, int classes, bool sets) {
    SplitCounts counts;
    counts.by_class.resize(static_cast<std::size_t>(classes));
    std::set<std::tuple<std::string, int, int>> seen_in_class;
    std::map<std::string, std::set<int>> parts_of_group;
    for (const auto& row : split.rows) {
        const int part = static_cast<int>(row.part);
        const auto p = static_cast<std::size_t>(part);
        for (const int c : classes_in(row.label, sets)) {
            auto& of_class = counts.by_class.at(static_cast<std::size_t>(c))[p];
            ++of_class.clips;
            if (seen_in_class.emplace(row.group, c, part).second) ++of_class.groups;
        }
        ++counts.by_part[p].clips;
        if (parts_of_group[row.group].insert(part).second) ++counts.by_part[p].groups;
    }
    counts.groups = static_cast<int>(parts_of_group.size());
    for (const auto& [group, parts] : parts_of_group) {
        if (parts.size() > 1) counts.leaked.push_back(group);
    }
    return counts;
}

namespace {

double probability_of(const Prediction& prediction, int c) {
    return static_cast<double>(prediction.probabilities.at(static_cast<std::size_t>(c)));
}

// Of several classes the least probable.
double own_probability(const Prediction& prediction, bool sets) {
    double least = 1;
    for (const int c : classes_in(prediction.label, sets))
        least = std::min(least, probability_of(prediction, c));
    return least;
}

// Of several classes that aren't the clip's the most probable.
double wrong_probability(const Prediction& prediction, bool sets) {
    double most = 0;
    for (const int c : classes_in(prediction.predicted, sets)) {
        if (!has_class(prediction.label, static_cast<std::size_t>(c), sets))
            most = std::max(most, probability_of(prediction, c));
    }
    return most;
}

}  // namespace

std::vector<WrongClip> most_often_wrong(const Results& results, int limit) {
    struct Tally {
        WrongClip clip;
        std::map<int, int> predicted;
    };
    std::map<std::string, Tally> tallies;
    for (const auto& run : results.runs) {
        const GroupOf group_of = groups_by_clip(results.split_of_run(run.run));
        for (const auto& prediction : run.test.predictions) {
            Tally& tally = tallies[prediction.sample_id];
            tally.clip.id = prediction.sample_id;
            tally.clip.label = prediction.label;
            if (const auto group = group_of.find(prediction.sample_id); group != group_of.end()) {
                tally.clip.group = group->second;
            }
            ++tally.clip.tested;
            const bool sets = results.study.sets;
            tally.clip.true_probability += own_probability(prediction, sets);
            if (prediction.predicted == prediction.label) continue;
            ++tally.clip.wrong;
            ++tally.predicted[prediction.predicted];
            tally.clip.confidence += wrong_probability(prediction, sets);
        }
    }
    std::vector<WrongClip> wrong;
    for (auto& [id, tally] : tallies) {
        if (tally.clip.wrong == 0) continue;
        tally.clip.confidence /= tally.clip.wrong;
        tally.clip.true_probability /= tally.clip.tested;
        tally.clip.predicted =
            std::max_element(tally.predicted.begin(), tally.predicted.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; })
                ->first;
        wrong.push_back(std::move(tally.clip));
    }
    std::stable_sort(wrong.begin(), wrong.end(), [](const WrongClip& a, const WrongClip& b) {
        return a.wrong != b.wrong ? a.wrong > b.wrong : a.true_probability < b.true_probability;
    });
    if (wrong.size() > static_cast<std::size_t>(limit)) wrong.resize(static_cast<std::size_t>(limit));
    return wrong;
}

std::vector<HardGroup> hardest_groups(const Results& results, int limit) {
    std::map<std::string, HardGroup> groups;
    std::map<std::string, std::set<std::string>> clips_of;
    for (const auto& run : results.runs) {
        const GroupOf group_of = groups_by_clip(results.split_of_run(run.run));
        for (const auto& prediction : run.test.predictions) {
            const auto name = group_of.find(prediction.sample_id);
            if (name == group_of.end()) continue;
            HardGroup& group = groups[name->second];
            if (group.predictions == 0) group.label = prediction.label;
            group.group = name->second;
            ++group.predictions;
            group.wrong += prediction.predicted == prediction.label ? 0 : 1;
            clips_of[name->second].insert(prediction.sample_id);
        }
    }
    std::vector<HardGroup> list;
    for (auto& [name, group] : groups) {
        group.clips = static_cast<int>(clips_of[name].size());
        if (group.wrong > 0 && group.clips > 1) list.push_back(group);
    }
    std::stable_sort(list.begin(), list.end(), [](const HardGroup& a, const HardGroup& b) {
        return a.wrong != b.wrong ? a.wrong > b.wrong : a.predictions < b.predictions;
    });
    if (list.size() > static_cast<std::size_t>(limit)) list.resize(static_cast<std::size_t>(limit));
    return list;
}

std::vector<ConfusedPair> most_confused(const Results& results, int limit) {
    const MeanConfusion confusion = mean_confusion(results.runs, &RunResult::test);
    std::vector<ConfusedPair> pairs;
    for (std::size_t row = 0; row < confusion.mean.size(); ++row) {
        double support = 0;
        for (const double count : confusion.mean[row]) support += count;
        for (std::size_t column = 0; column < confusion.mean.size(); ++column) {
            const double clips = confusion.mean[row][column];
            if (row == column || clips == 0) continue;
            pairs.push_back({.label = static_cast<int>(row),
                             .predicted = static_cast<int>(column),
                             .clips = clips,
                             .share = clips / support});
        }
    }
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const ConfusedPair& a, const ConfusedPair& b) { return a.clips > b.clips; });
    if (pairs.size() > static_cast<std::size_t>(limit)) pairs.resize(static_cast<std::size_t>(limit));
    return pairs;
}

std::vector<std::string> warnings(const Results& results) {
    std::vector<std::string> list;
    warn_of_split(results, list);
    warn_of_audio(results, list);
    if (!results.study.leaky_protocol.empty())
        list.insert(list.begin(), "Leaky: " + results.study.leaky_protocol);
    warn_of_runs(results, list);
    warn_of_predictions(results, list);
    const std::size_t skipped = results.study.skipped.size();
    if (skipped > 0) {
        list.push_back(
            fmt::format("{} clip{} left out because {} audio could not be used; the list is under Data.",
                        skipped, skipped == 1 ? " was" : "s were", skipped == 1 ? "its" : "their"));
    }
    return list;
}

}  // namespace kickdrum
