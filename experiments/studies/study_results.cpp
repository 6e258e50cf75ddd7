// SPDX-License-Identifier: MIT
#include "experiments/studies/study_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "experiments/runs/csv.h"
#include "experiments/runs/results_folder.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMain = "val.weighted_f1";

double validation(const VariantResults& variant) {
    const MetricSummary* metric = variant.summary.find(kMain);
    return metric == nullptr ? -1 : metric->mean;
}

void correct(StudyResults& study, std::size_t metric) {
    std::vector<MetricDifference*> tested;
    std::vector<double> p;
    for (auto& variant : study.variants) {
        if (!variant.against_first || variant.against_first->metrics.size() <= metric) continue;
        MetricDifference& difference = variant.against_first->metrics[metric];
        if (!difference.sign_flip.p) continue;
        tested.push_back(&difference);
        p.push_back(*difference.sign_flip.p);
    }
    const std::vector<double> corrected = holm(p);
    for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->holm_p = corrected[i];
}

Json json_of(const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json json_of(const std::optional<Interval>& interval) {
    return interval ? Json::array({interval->low, interval->high}) : Json(nullptr);
}

Json json_of(const TestResult& test) {
    return {{"method", test.method}, {"n", test.n}, {"statistic", test.statistic}, {"p", json_of(test.p)}};
}

Json json_of(const MetricDifference& d) {
    Json json;
    json["n"] = d.description.n;
    json["values"] = d.differences;
    json["mean"] = d.description.mean;
    json["sd"] = json_of(d.description.sd);
    json["ci95"] = json_of(d.description.ci95);
    json["bca95"] = json_of(d.bca ? std::optional(d.bca->ci95) : std::nullopt);
    json["t_test"] = json_of(d.t);
    json["sign_flip"] = json_of(d.sign_flip);
    json["wilcoxon"] = json_of(d.wilcoxon);
    json["holm_p"] = json_of(d.holm_p);
    json["cohens_dz"] = json_of(d.dz);
    json["a12"] = d.a12;
    json["probability_of_superiority"] = d.superiority;
    json["almost_stochastic_order"] =
        d.order ? Json{{"violation", d.order->violation}, {"epsilon", d.order->epsilon}} : Json(nullptr);
    if (d.test_set) {
        json["test_set"] = {{"ci95", json_of(std::optional(d.test_set->ci95))},
                            {"groups", d.test_set->groups},
                            {"resamples", d.test_set->resamples}};
    }
    json["verdict"] = verdict(d);
    json["power"] = power_statement(d);
    return json;
}

Json json_of(const VariantResults& variant) {
    Json json;
    json["name"] = variant.name;
    json["folder"] = variant.results.folder.string();
    json["set"] = variant.set;
    json["status"] = to_string(variant.status);
    if (!variant.message.empty()) json["message"] = variant.message;
    json["planned_runs"] = variant.results.study.runs;
    Json summary = Json::parse(to_json(variant.summary));
    json["runs"] = summary["runs"];
    json["metrics"] = summary["metrics"];
    for (const auto& metric : variant.summary.metrics) {
        const auto bca = bca_interval(metric.values);
        json["metrics"][metric.name]["bca95"] = json_of(bca ? std::optional(bca->ci95) : std::nullopt);
        if (const auto parts = variance_of(variant.results, metric.name)) {
            json["metrics"][metric.name]["variance"] = {{"between_splits", parts->between},
                                                        {"between_runs_of_a_split", parts->within},
                                                        {"splits", parts->splits}};
        }
    }
    if (!variant.against_first) return json;
    Json& against = json["against_first"];
    against["pairs"] = variant.against_first->pairing.runs.size();
    if (!variant.against_first->pairing.why_not.empty())
        against["why_not"] = variant.against_first->pairing.why_not;
    for (const auto& metric : variant.against_first->metrics)
        against["metrics"][metric.metric] = json_of(metric);
    return json;
}

}  // namespace

std::string_view to_string(VariantStatus status) {
    switch (status) {
        case VariantStatus::waiting: return "waiting";
        case VariantStatus::running: return "running";
        case VariantStatus::done: return "done";
        case VariantStatus::interrupted: return "interrupted";
        case VariantStatus::failed: return "failed";
        case VariantStatus::left_out: return "left out";
    }
    return "";
}

void compare_variants(StudyResults& study) {
    for (auto& variant : study.variants) {
        variant.summary = summarize(variant.results);
        variant.against_first.reset();
        // In every table.
        constexpr std::string_view kMark = " (leaky)";
        if (!variant.results.study.leaky_protocol.empty() && !variant.name.ends_with(kMark))
            variant.name += kMark;
        variant.summary.name = variant.name;
    }
    for (std::size_t i = 1; i < study.variants.size(); ++i) {
        VariantResults& variant = study.variants[i];
        if (variant.results.runs.empty()) continue;
        variant.against_first = compare_runs(study.variants.front().results, variant.results);
    }
    for (std::size_t metric = 0; metric < 2; ++metric) correct(study, metric);
}

std::vector<const VariantResults*> by_validation(const StudyResults& study) {
    std::vector<const VariantResults*> order;
    for (const auto& variant : study.variants) order.push_back(&variant);
    const auto rank = [](const VariantResults* variant) {
        return std::pair(variant->results.study.leaky_protocol.empty(), validation(*variant));
    };
    std::ranges::stable_sort(order, std::greater(), rank);
    return order;
}

std::optional<VarianceParts> variance_of(const Results& results, std::string_view metric) {
    const auto& seeds = results.study.split_seeds;
    if (seeds.size() < 2) return std::nullopt;
    const Summary summary = summarize(results);
    const MetricSummary* found = summary.find(metric);
    if (found == nullptr) return std::nullopt;
    std::map<std::uint32_t, std::vector<double>> by_split;
    for (std::size_t i = 0; i < results.runs.size(); ++i) {
        const auto run = static_cast<std::size_t>(results.runs[i].run) - 1;
        if (run < seeds.size()) by_split[seeds[run]].push_back(found->values[i]);
    }
    std::vector<std::vector<double>> groups;
    for (auto& [seed, values] : by_split) groups.push_back(std::move(values));
    return variance_parts(groups);
}

std::string study_json(const StudyResults& study) {
    Json json;
    json["study"] = study.name;
    json["status"] = to_string(study.status);
    json["compared_with"] = study.variants.empty() ? "" : study.variants.front().name;
    json["variants"] = Json::array();
    for (const auto& variant : study.variants) json["variants"].push_back(json_of(variant));
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string study_runs_csv(const StudyResults& study) {
    std::string text =
        "variant,run,seed,split_seed,epochs,best_epoch,val_weighted_f1,val_macro_f1,val_accuracy,val_loss,"
        "test_weighted_f1,test_macro_f1,test_accuracy,test_loss\n";
    for (const auto& variant : study.variants) {
        for (const auto& run : variant.results.runs) {
            const SplitTable* split = variant.results.split_of_run(run.run);
            text += fmt::format("{},{},{},{},{},{}", csv_field(variant.name), run.run, run.seed,
                                split == nullptr ? "" : std::to_string(split->seed), run.history.size(),
                                run.best_epoch);
            for (const PartResult* part : {&run.val, &run.test}) {
                text += fmt::format(",{},{},{},{}", part->scores.weighted_f1, part->scores.macro_f1,
                                    part->scores.accuracy, part->loss);
            }
            text += '\n';
        }
    }
    return text;
}

}  // namespace kickdrum
