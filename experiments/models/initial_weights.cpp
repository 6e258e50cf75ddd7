// SPDX-License-Identifier: MIT
#include "experiments/models/initial_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "experiments/config/experiment_fields.h"
#include "experiments/config/transfer_checks.h"
#include "experiments/config/yaml_builder.h"
#include "experiments/data/content_hash.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"

namespace kickdrum {
namespace {

class Initialisation {
 public:
    Initialisation(const ExperimentConfig& config, const std::vector<std::string>& classes)
        : config_(config),
          classes_(classes),
          file_(config.transfer.init_from.string()),
          source_(read_model(config.transfer.init_from)) {}

    InitialWeights read() {
        InitialWeights initial;
        initial.identity = to_string(content_hash(std::string_view(read_file(file_))));
        const auto experiment = source_.facts.find("experiment");
        initial.origin =
            experiment == source_.facts.end() ? file_ : fmt::format("{} ({})", file_, experiment->second);
        choose();
        for (const WeightRow& row :
             weight_rows(config_.model, config_.input_shape(), static_cast<int>(classes_.size()))) {
            const std::string layer = row.name.substr(0, row.name.find('/'));
            if (std::ranges::find(layers_, layer) != layers_.end()) take(row, initial);
        }
        problems_.throw_if_any(ExitCode::data);
        warn_of_features(initial);
        return initial;
    }

 private:
    void choose() {
        const std::vector<std::string> names = layer_names(config_.model);
        layers_ = config_.transfer.layers;
        if (layers_.empty()) {
            for (std::size_t i = 0; i < names.size(); ++i) {
                if (has_weights(config_.model[i])) layers_.push_back(names[i]);
            }
        }
        if (config_.transfer.replace_head) std::erase(layers_, names.back());
        const bool takes_head = std::ranges::find(layers_, names.back()) != layers_.end();
        if (!takes_head || source_.classes.empty() || source_.classes == classes_) return;
        problem(
            fmt::format("its classes are {}, those of the data {}; set 'transfer.replace_head: true' to "
                        "begin with a new last layer",
                        fmt::join(source_.classes, ", "), fmt::join(classes_, ", ")));
        std::erase(layers_, names.back());
    }

    void take(const WeightRow& row, InitialWeights& initial) {
        const auto& given = source_.network.weights;
        const auto found = std::ranges::find(given, row.name, &NamedWeights::name);
        if (found == given.end()) {
            problem(fmt::format("the model has no '{}'; choose the layers that it has with 'transfer.layers'",
                                row.name));
        } else if (found->shape != row.shape) {
            problem(
                fmt::format("'{}' has shape {} in the model, but {} in this network; give the network the "
                            "same layers and inputs, or leave it out with 'transfer.layers'",
                            row.name, to_string(found->shape), to_string(row.shape)));
        } else {
            initial.weights.push_back(*found);
        }
    }

    // Weights of one kind of picture may still be a good start for another: it's said, not refused.
    void warn_of_features(InitialWeights& initial) const {
        if (!source_.features || source_.features->pixels || config_.features.pixels) return;
        const std::vector<std::string> different = different_features(*source_.features, config_.features);
        if (different.empty()) return;
        initial.warnings.push_back(fmt::format(
            "the model in 'init_from' learned from other features ({} differ): what its layers know may not "
            "hold here",
            fmt::join(different, ", ")));
    }

    void problem(std::string message) { problems_.add({.message = std::move(message), .file = file_}); }

    const ExperimentConfig& config_;
    const std::vector<std::string>& classes_;
    std::string file_;
    ModelFile source_;
    std::vector<std::string> layers_;
    Problems problems_;
};

}  // namespace

std::vector<std::string> different_features(FeatureConfig a, FeatureConfig b) {
    YamlValue one = YamlValue::map();
    YamlValue other = YamlValue::map();
    YamlBuilder one_builder(one);
    YamlBuilder other_builder(other);
    feature_fields(one_builder, a);
    feature_fields(other_builder, b);
    const auto text = [](const YamlValue& block, const std::string& key) {
        YamlValue value = YamlValue::map();
        for (const auto& entry : block.entries) {
            if (entry.key == key) value.entries.push_back(entry);
        }
        return to_yaml(value);
    };
    std::vector<std::string> keys;
    for (const auto& entry : one.entries) {
        if (text(one, entry.key) != text(other, entry.key)) keys.push_back(entry.key);
    }
    return keys;
}

InitialWeights read_initial_weights(const ExperimentConfig& config, const std::vector<std::string>& classes) {
    if (config.transfer.init_from.empty()) return {};
    return Initialisation(config, classes).read();
}

}  // namespace kickdrum
