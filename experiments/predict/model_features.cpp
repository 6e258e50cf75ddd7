// SPDX-License-Identifier: MIT
#include "experiments/predict/model_features.h"

#include <fmt/format.h>

#include "experiments/config/experiment_fields.h"
#include "experiments/config/read_experiment.h"
#include "experiments/config/yaml_builder.h"

namespace kickdrum {
namespace {

std::string value_of(FeatureConfig features, const std::string& key) {
    YamlValue block = YamlValue::map();
    YamlBuilder builder(block);
    feature_fields(builder, features);
    YamlValue one = YamlValue::map();
    for (const auto& entry : block.entries) {
        if (entry.key == key) one.entries.push_back(entry);
    }
    std::string text = to_yaml(one);
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

// "n_mels" of "features.n_mels=64", "size" of "features.size.0=64"
std::string key_of(const std::string& assignment) {
    const std::size_t begin = assignment.find('.') + 1;
    return assignment.substr(begin, assignment.find_first_of("=.", begin) - begin);
}

[[noreturn]] void refuse(const std::string& file, ExitCode code, const std::string& message) {
    throw UserError(code, std::vector<Diagnostic>{{.message = message, .file = file}});
}

}  // namespace

void complete_features(ModelFile& model, const std::string& file, const std::vector<std::string>& set) {
    const bool knows = model.features.has_value();
    if (knows && model.features->pixels) {
        refuse(file, ExitCode::usage,
               "this model was trained on pictures, not on sound: predict can't make its inputs");
    }
    if (!set.empty() || !knows) {
        const FeatureConfig asked = read_features(set);
        for (const auto& assignment : set) {
            const std::string key = key_of(assignment);
            if (!knows || value_of(*model.features, key) == value_of(asked, key)) continue;
            refuse(file, ExitCode::usage,
                   fmt::format("the model was trained with '{}', but --set asks for '{}'; leave it out",
                               value_of(*model.features, key), value_of(asked, key)));
        }
        if (!knows) model.features = asked;
    }
    const Shape seen = model.features->clip_shape();
    Shape taken = model.network.input;
    if (model.input_frames > 0) taken = {1, taken[1], seen[2], taken[3]};
    if (seen != taken) {
        refuse(
            file, knows ? ExitCode::data : ExitCode::usage,
            fmt::format("the network takes inputs of shape {}, but the features give {}; name those it was "
                        "trained with, as --set features.size=[{}, {}]",
                        to_string(model.network.input), to_string(seen), model.network.input[1],
                        model.network.input[2]));
    }
}

}  // namespace kickdrum
