// SPDX-License-Identifier: MIT
#include "experiments/config/resolved_yaml.h"

#include "experiments/config/experiment_fields.h"
#include "experiments/config/yaml_builder.h"

namespace kickdrum {

std::string resolved_yaml(const ExperimentConfig& config) {
    ExperimentConfig values = config;  // the blocks are described by functions that also read into them
    if (!config.data.labels.empty()) values.data.labels = std::filesystem::absolute(config.data.labels);
    values.data.audio = std::filesystem::absolute(config.data.audio);
    for (auto& spec : values.baselines) {
        if (!spec.table.empty()) spec.table = std::filesystem::absolute(spec.table);
        if (!spec.results.folder.empty())
            spec.results.folder = std::filesystem::absolute(spec.results.folder);
    }
    if (!config.transfer.init_from.empty())
        values.transfer.init_from = std::filesystem::absolute(config.transfer.init_from);
    FileOnlyValues other;
    for (std::size_t c = 0; c < config.class_weights.given.size(); ++c) {
        other.class_weights[config.data.classes.at(c)] = shortest(config.class_weights.given[c]);
    }
    YamlValue root = YamlValue::map();
    YamlBuilder builder(root);
    experiment_fields(builder, values, other);
    return "# Every default filled in. kickdrum reads this file as it reads the one it was made from.\n" +
           to_yaml(root);
}

}  // namespace kickdrum
