// SPDX-License-Identifier: MIT
#include "experiments/baselines/baseline_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/baselines/importance.h"
#include "experiments/baselines/multi_label.h"
#include "experiments/baselines/search.h"
#include "experiments/baselines/vote.h"
#include "experiments/diagnostics.h"
#include "experiments/runs/csv.h"
#include "experiments/runs/stopwatch.h"

namespace kickdrum {
namespace {

std::vector<int> labels_of(const ClipTable& table, std::span<const std::int32_t> clips) {
    std::vector<int> labels;
    for (const auto clip : clips) labels.push_back(table.clips[static_cast<std::size_t>(clip)].label);
    return labels;
}

std::vector<std::string> groups_of(const ClipTable& table, std::span<const std::int32_t> clips) {
    std::vector<std::string> groups;
    for (const auto clip : clips) groups.push_back(table.clips[static_cast<std::size_t>(clip)].group);
    return groups;
}

template <class T>
std::vector<T> elements(const std::vector<T>& all, std::span<const std::int32_t> which) {
    std::vector<T> some;
    for (const auto i : which) some.push_back(all[static_cast<std::size_t>(i)]);
    return some;
}

PartResult part_result(const ClipTable& table, std::span<const std::int32_t> clips,
                       const Matrix& probabilities) {
    constexpr double kSmallest = 1e-15;
    PartResult part;
    std::vector<int> predicted;
    for (std::size_t i = 0; i < clips.size(); ++i) {
        const Clip& clip = table.clips[static_cast<std::size_t>(clips[i])];
        const auto row = probabilities.row(i);
        predicted.push_back(static_cast<int>(std::ranges::max_element(row) - row.begin()));
        part.predictions.push_back({.sample_id = clip.id,
                                    .label = clip.label,
                                    .predicted = predicted.back(),
                                    .probabilities = {row.begin(), row.end()}});
        part.loss -= std::log(std::max(row[static_cast<std::size_t>(clip.label)], kSmallest)) /
                     static_cast<double>(clips.size());
    }
    part.scores = classify(labels_of(table, clips), predicted, static_cast<int>(table.classes.size()));
    return part;
}

std::string decisions_csv(const ClipTable& table, std::span<const std::int32_t> clips,
                          const Matrix& decisions) {
    std::string text = "sample_id";
    for (const auto& name : table.classes) text += ',' + csv_field("d_" + name);
    text += '\n';
    for (std::size_t i = 0; i < clips.size(); ++i) {
        text += csv_field(table.clips[static_cast<std::size_t>(clips[i])].id);
        for (const double value : decisions.row(i)) text += fmt::format(",{}", value);
        text += '\n';
    }
    return text;
}

class Run {
 public:
    explicit Run(const BaselineRun& run)
        : run_(run),
          table_(run.data.table),
          classes_(static_cast<int>(run.data.table.classes.size())),
          // The published protocol has no validation part: what would be judged by it is judged by test.
          watched_(run.rows.val.empty() ? run.rows.test : run.rows.val) {}

    TrainingRunOutcome all() {
        const Stopwatch total;
        const BaselineSpec& chosen = *run_.config.chosen_baseline();
        RunResult& result = outcome_.result;
        result.run = run_.run;
        result.seed = run_seed(run_.config, run_.run);
        BaselineModel model;
        model.classes = table_.classes;
        if (chosen.kind == BaselineKind::vote) {
            vote(chosen, model);
        } else {
            single(chosen, model);
        }
        result.seconds["total"] = total.seconds();
        return std::move(outcome_);
    }

 private:
    const Matrix& raw(const BaselineSpec& spec) const {
        return run_.data.features.at(feature_source(spec)).values;
    }

    FitData fit_data(const BaselineSpec& spec, const Matrix& features, std::span<const std::int32_t> in,
                     std::span<const std::int32_t> watch, Scaler& scaler) const {
        const Matrix train = rows_of(features, in);
        scaler = fit_scaler(train, spec.clip);
        return {.train = scaler.apply(train),
                .labels = labels_of(table_, in),
                .classes = classes_,
                .groups = spec.leaky() ? std::vector<std::string>() : groups_of(table_, in),
                .watch = scaler.apply(rows_of(features, watch)),
                .watch_labels = labels_of(table_, watch)};
    }

    // Inside the training part, or the validation part alone.
    std::vector<SearchFold> folds_of(const BaselineSpec& spec) const {
        std::vector<SearchFold> folds;
        Scaler ignored;
        if (spec.protocol == Protocol::group) {
            folds.push_back({fit_data(spec, raw(spec), run_.rows.train, run_.rows.val, ignored)});
            return folds;
        }
        const auto groups = spec.leaky() ? std::vector<std::string>() : groups_of(table_, run_.rows.train);
        const auto fold_of = stratified_folds(labels_of(table_, run_.rows.train), groups, spec.search->folds,
                                              spec.search->seed);
        for (int fold = 0; fold < spec.search->folds; ++fold) {
            const FoldRows rows = rows_of_fold(fold_of, fold);
            folds.push_back({fit_data(spec, raw(spec), elements(run_.rows.train, rows.in),
                                      elements(run_.rows.train, rows.out), ignored)});
        }
        return folds;
    }

    BaselineModel::Member fit(const BaselineSpec& spec) {
        FitSpec fit_spec{.kind = spec.kind,
                         .parameters = spec.parameters,
                         .balanced = spec.balanced,
                         .platt = spec.platt,
                         .stopping_rounds = spec.early_stopping ? spec.early_stopping->rounds : 0,
                         .seed_offset = run_.config.split.seeds.size() > 1 ? 0 : run_.run - 1};
        if (spec.search) {
            FitSpec tried = fit_spec;
            tried.platt = false;
            const SearchResult found =
                random_search(*spec.search, tried, folds_of(spec), run_.pool, run_.go_on);
            outcome_.interrupted = outcome_.interrupted || found.interrupted;
            fit_spec.parameters = found.best;
            note_chosen(spec, found);
        }
        BaselineModel::Member member{.kind = spec.kind,
                                     .source = feature_source(spec),
                                     .names = run_.data.features.at(feature_source(spec)).names,
                                     .scaler = {},
                                     .classifier = nullptr};
        if (outcome_.interrupted || !run_.go_on()) {
            outcome_.interrupted = true;
            return member;
        }
        const FitData data = fit_data(spec, raw(spec), run_.rows.train, watched_, member.scaler);
        member.classifier = fit_classifier(fit_spec, data);
        if (spec.early_stopping)
            outcome_.result.stopped_early = member.classifier->rounds() < fit_spec.whole("n_estimators");
        return member;
    }

    void note_chosen(const BaselineSpec& spec, const SearchResult& found) {
        const bool member = &spec != run_.config.chosen_baseline();
        const std::string prefix = member ? spec.name + '.' : std::string();
        for (const auto& [name, values] : spec.search->grid)
            outcome_.result.chosen[prefix + name] = found.best.at(name);
        outcome_.result.chosen[prefix + "macro_f1_of_search"] = found.score;
    }

    void single(const BaselineSpec& spec, BaselineModel& model) {
        const Stopwatch training;
        RunResult& result = outcome_.result;
        BaselineModel::Member member = fit(spec);
        if (outcome_.interrupted) return;
        result.seconds["train"] = training.seconds();
        const Stopwatch evaluating;
        const Matrix& features = raw(spec);
        const auto part = [&](const std::vector<std::int32_t>& clips) {
            return part_result(table_, clips, member.probabilities(rows_of(features, clips)));
        };
        result.best_epoch = member.classifier->rounds();
        result.train = part(run_.rows.train);
        result.val = part(watched_);
        result.test = part(run_.rows.test);
        const Matrix decisions =
            member.classifier->decisions(member.scaler.apply(rows_of(features, run_.rows.test)));
        if (!decisions.values.empty()) {
            result.multi_label = multi_label_scores(decisions, labels_of(table_, run_.rows.test));
            outcome_.files.emplace_back("decisions_test.csv",
                                        decisions_csv(table_, run_.rows.test, decisions));
        }
        result.importance =
            family_importance(member, rows_of(features, watched_), labels_of(table_, watched_), result.seed);
        result.seconds["evaluate"] = evaluating.seconds();
        model.members.push_back(std::move(member));
        outcome_.files.emplace_back("model.json", model.to_json());
    }

    // The probabilities of one member of a vote for the clips of each part.
    VoteMember member_of(const std::string& name, BaselineModel& model) {
        const BaselineSpec& spec = *find_baseline(run_.config.baselines, name);
        if (spec.kind == BaselineKind::results)
            return read_member(spec, run_.folder, table_, watched_, run_.rows.test, run_.run);
        BaselineModel::Member member = fit(spec);
        if (outcome_.interrupted) return {};
        const auto of = [&](const std::vector<std::int32_t>& clips) {
            return member.probabilities(rows_of(raw(spec), clips));
        };
        VoteMember result{.train = of(run_.rows.train), .val = of(watched_), .test = of(run_.rows.test)};
        model.members.push_back(std::move(member));
        return result;
    }

    void vote(const BaselineSpec& spec, BaselineModel& model) {
        const Stopwatch training;
        RunResult& result = outcome_.result;
        std::vector<VoteMember> members;
        for (const auto& name : spec.vote.members) {
            members.push_back(member_of(name, model));
            if (outcome_.interrupted) return;
        }
        std::vector<double> weights = spec.vote.weights;
        if (weights.empty()) weights.assign(members.size(), 1.0 / static_cast<double>(members.size()));
        if (spec.vote.by_validation) {
            weights = best_weights(members, labels_of(table_, run_.rows.val), spec.vote.step);
            for (std::size_t i = 0; i < weights.size(); ++i)
                result.chosen["weight." + spec.vote.members[i]] = weights[i];
        }
        result.seconds["train"] = training.seconds();
        result.val = part_result(table_, watched_, weighted(members, weights, &VoteMember::val));
        result.test = part_result(table_, run_.rows.test, weighted(members, weights, &VoteMember::test));
        const bool complete = model.members.size() == members.size();
        if (!complete) {
            // What another experiment did on its training part isn't in its folder.
            result.train.scores = classify({}, {}, classes_);
            return;
        }
        result.train = part_result(table_, run_.rows.train, weighted(members, weights, &VoteMember::train));
        for (std::size_t i = 0; i < weights.size(); ++i) model.members[i].weight = weights[i];
        outcome_.files.emplace_back("model.json", model.to_json());
    }

    const BaselineRun& run_;
    const ClipTable& table_;
    int classes_;
    const std::vector<std::int32_t>& watched_;
    TrainingRunOutcome outcome_;
};

}  // namespace

TrainingRunOutcome run_baseline(const BaselineRun& run) {
    return Run(run).all();
}

}  // namespace kickdrum
