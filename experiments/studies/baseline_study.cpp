// SPDX-License-Identifier: MIT
#include "experiments/studies/baseline_study.h"

#include "experiments/config/read_experiment.h"
#include "experiments/config/resolved_yaml.h"

namespace kickdrum {

bool is_baseline_study(const ExperimentConfig& config) {
    return !config.baselines.empty() && config.baseline.empty();
}

StudyPlan baseline_study(const ExperimentConfig& config, const std::vector<std::string>& overrides) {
    StudyPlan plan{
        .name = config.name, .file = config.file, .text = config.text, .variants = {}, .halving = {}};
    for (const auto& spec : config.baselines) {
        if (spec.only_member) continue;
        const std::string choice = "baseline=" + spec.name;
        std::vector<std::string> all = overrides;
        all.push_back(choice);
        Variant variant{.name = spec.name, .folder = spec.name, .set = {choice}, .config = {}};
        variant.config = read_experiment(config.file, all);
        variant.config.name = variant.folder;
        variant.config.text = resolved_yaml(variant.config);
        plan.variants.push_back(std::move(variant));
    }
    return plan;
}

}  // namespace kickdrum
