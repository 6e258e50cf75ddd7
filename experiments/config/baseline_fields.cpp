// SPDX-License-Identifier: MIT
// The keys of the block `baselines:`.
#include "experiments/baselines/parameters.h"
#include "experiments/config/experiment_fields.h"

namespace kickdrum {
namespace {

void parameter_fields(Fields& fields, BaselineKind kind, Parameters& parameters) {
    for (const auto& one : parameters_of(kind)) {
        double& value = parameters.try_emplace(std::string(one.name), one.value).first->second;
        const Key key{one.name, one.meaning};
        if (one.whole) {
            auto whole = static_cast<std::int64_t>(value);
            fields.integer(
                key, whole,
                {static_cast<std::int64_t>(one.range.low),
                 one.range.high > 1e15 ? std::int64_t{1} << 50 : static_cast<std::int64_t>(one.range.high)});
            value = static_cast<double>(whole);
        } else {
            fields.number(key, value, one.range);
        }
    }
}

void class_weight_field(Fields& fields, bool& balanced) {
    fields.choice<bool>({"class_weights", "of the classes while the model is fitted"}, balanced,
                        {{"balanced", true}, {"none", false}});
}

void svm_fields(Fields& fields, BaselineSpec& spec) {
    parameter_fields(fields, spec.kind, spec.parameters);
    class_weight_field(fields, spec.balanced);
    fields.choice<bool>({"probabilities",
                         "what p_<class> holds: the softmax of the decision values, or Platt's "
                         "sigmoid of them, fitted on folds of the training part"},
                        spec.platt, {{"softmax", false}, {"platt", true}});
}

void vote_fields(Fields& fields, VoteSpec& vote) {
    fields.texts({"members", "other baselines, whose probabilities are added", true}, vote.members);
    fields.numbers({"weights", "one for each member"}, vote.weights, {.low = 0});
    fields.choice<bool>({"weights_by", "as given, or those that do best on the validation part"},
                        vote.by_validation, {{"given", false}, {"validation", true}});
    fields.number({"step", "of the weights that are tried for weights_by: validation"}, vote.step,
                  {.low = 0.01, .high = 0.5});
}

void results_fields(Fields& fields, ResultsSpec& results) {
    std::optional<std::string> folder;
    std::optional<std::string> variant;
    if (!results.folder.empty()) folder = results.folder.string();
    if (!results.variant.empty()) variant = results.variant;
    fields.optional_text({"folder", "results folder of another experiment"}, folder);
    fields.optional_text({"variant", "another variant of the study that this is a part of"}, variant);
    results.folder = folder.value_or("");
    results.variant = variant.value_or("");
}

std::vector<Alternative> model_alternatives(BaselineSpec& spec) {
    const auto select = [&spec](BaselineKind kind) {
        return [&spec, kind] {
            spec.kind = kind;
            spec.parameters = default_parameters(kind);
        };
    };
    const auto numbers = [&spec](Fields& fields) { parameter_fields(fields, spec.kind, spec.parameters); };
    return {
        {"svm", "one support vector machine with RBF kernel per class", select(BaselineKind::svm),
         [&spec](Fields& fields) { svm_fields(fields, spec); }},
        {"logistic", "multinomial logistic regression", select(BaselineKind::logistic),
         [&spec](Fields& fields) {
             parameter_fields(fields, spec.kind, spec.parameters);
             class_weight_field(fields, spec.balanced);
         }},
        {"random_forest", "by XGBoost", select(BaselineKind::random_forest), numbers},
        {"xgboost", "boosted trees by XGBoost", select(BaselineKind::xgboost), numbers},
        {"lightgbm", "boosted trees by LightGBM", select(BaselineKind::lightgbm), numbers},
        {"vote", "weighted mean of other baselines' probabilities", select(BaselineKind::vote),
         [&spec](Fields& fields) { vote_fields(fields, spec.vote); }},
        {"results", "probabilities that another experiment left, for a vote", select(BaselineKind::results),
         [&spec](Fields& fields) { results_fields(fields, spec.results); }},
    };
}

void search_fields(Fields& fields, BaselineKind kind, RandomSearch& search) {
    fields.integer({"draws", "how many points of the grid are tried"}, search.draws, {1, 10'000});
    fields.integer({"folds", "of the training part; protocol: group takes the validation part instead"},
                   search.folds, {2, 100});
    fields.integer({"seed", "of draws and folds"}, search.seed, {0, 4'294'967'295});
    fields.block({"grid", "values by parameter of the model", true}, [&](Fields& grid) {
        for (const auto& one : parameters_of(kind)) {
            std::vector<double> values;
            const std::string name(one.name);
            if (const auto known = search.grid.find(name); known != search.grid.end()) values = known->second;
            grid.numbers({one.name, one.meaning}, values, one.range);
            if (!values.empty()) search.grid[name] = values;
        }
    });
}

void one_baseline(Fields& fields, BaselineSpec& spec) {
    fields.choice<Protocol>(
        {"protocol", "which clips it is fitted, tuned and tested on; `published` leaks"}, spec.protocol,
        {{"group", Protocol::group}, {"nested", Protocol::nested}, {"published", Protocol::published}});
    fields.choice<FeatureSet>({"features", "which of the sets of `kickdrum features`"}, spec.features,
                              {{"published", FeatureSet::published},
                               {"standard", FeatureSet::standard},
                               {"rich", FeatureSet::rich}});
    std::optional<std::string> table;
    if (!spec.table.empty()) table = spec.table.string();
    fields.optional_text({"table", "CSV file of features to take instead, the first column the clip's name"},
                         table);
    spec.table = table.value_or("");
    fields.number_or_none({"clip", "deviations at which standardised features are cut"}, spec.clip,
                          {.low = 0, .without_low = true});
    fields.one_of({"model", "what is fitted", true}, to_string(spec.kind), model_alternatives(spec));
    fields.optional_block<BoostingStop>(
        {"early_stopping", "ends boosting by a part's loss"}, spec.early_stopping,
        [](Fields& block, BoostingStop& stop) {
            block.choice<StoppingPart>({"on", "which part; `test` leaks, and needs protocol: published"},
                                       stop.on, {{"val", StoppingPart::val}, {"test", StoppingPart::test}});
            block.integer({"rounds", "without a better loss"}, stop.rounds, {1, 100'000});
        });
    fields.optional_block<RandomSearch>(
        {"search", "parameters by random search, by macro F1"}, spec.search,
        [&](Fields& block, RandomSearch& search) { search_fields(block, spec.kind, search); });
    fields.boolean({"only_member", "no row of its own: it is there for votes"}, spec.only_member);
    fields.block({"published", "figures to print beside the results"}, [&](Fields& block) {
        block.other_numbers(published_metrics(), "of the published model", spec.published);
    });
}

}  // namespace

void baseline_fields(Fields& fields, ExperimentConfig& config) {
    std::vector<std::string> names;
    for (const auto& spec : config.baselines) names.push_back(spec.name);
    fields.named_blocks({"baselines", "classical models, instead of a network"}, names,
                        [&](Fields& block, const std::string& name) {
                            const auto known = std::ranges::find(config.baselines, name, &BaselineSpec::name);
                            BaselineSpec& spec =
                                known != config.baselines.end() ? *known : config.baselines.emplace_back();
                            spec.name = name;
                            one_baseline(block, spec);
                        });
    std::optional<std::string> chosen;
    if (!config.baseline.empty()) chosen = config.baseline;
    fields.optional_text({"baseline", "which of `baselines` to run; left out: all, as a study"}, chosen);
    config.baseline = chosen.value_or("");
}

}  // namespace kickdrum
