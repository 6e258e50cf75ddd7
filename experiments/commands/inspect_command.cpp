// SPDX-License-Identifier: MIT
// kickdrum inspect: what is in a model file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/models/model_description.h"
#include "experiments/models/model_file.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
    CommonOptions common;
    std::string model;
};

// "128x128x1"
std::string extents(const Shape& shape) {
    std::string text;
    for (int axis = 1; axis < shape.rank(); ++axis)
        text += (axis > 1 ? "x" : "") + std::to_string(shape[axis]);
    return text;
}

Json extents_json(const Shape& shape) {
    Json list = Json::array();
    for (int axis = 1; axis < shape.rank(); ++axis) list.push_back(shape[axis]);
    return list;
}

std::string layers_text(const std::vector<LayerRow>& rows) {
    std::size_t name = 5;
    std::size_t description = 11;
    std::size_t output = 6;
    for (const auto& row : rows) {
        name = std::max(name, row.name.size());
        description = std::max(description, row.description.size());
        output = std::max(output, extents(row.dst).size());
    }
    std::string text = fmt::format("  {:<{}}  {:<{}}  {:>{}}  parameters\n", "layer", name, "description",
                                   description, "output", output);
    for (const auto& row : rows) {
        text += fmt::format("  {:<{}}  {:<{}}  {:>{}}  {:>10}\n", row.name, name, row.description,
                            description, extents(row.dst), output, row.parameters());
    }
    return text;
}

// Facts of many lines are only counted.
std::string fact_text(const std::string& value) {
    const auto lines = std::ranges::count(value, '\n');
    return lines > 1 ? fmt::format("{} lines; --json shows them", lines) : value;
}

std::string as_text(const ModelFile& model, const std::vector<LayerRow>& rows) {
    std::string text =
        fmt::format("Network: {} parameters, inputs of {}, {} classes\n{}", parameter_count(rows),
                    extents(model.network.input), model.network.classes, layers_text(rows));
    text += fmt::format("Classes: {}\n", fmt::join(model.classes, ", "));
    if (const auto& optimizer = model.network.optimizer) {
        text +=
            fmt::format("Optimiser: {}, after {} steps\n", to_string(optimizer->spec.kind), optimizer->step);
    }
    if (!model.bands.mean.empty()) text += "Inputs are standardised by band\n";
    if (!model.features) text += "Features: the file doesn't say how its inputs are made of audio\n";
    for (const auto& [name, value] : model.facts) text += fmt::format("{}: {}\n", name, fact_text(value));
    // From its key on: the block as it would stand in an experiment file.
    const std::string description = describe(model);
    if (model.features) text += description.substr(description.find("features:"));
    return text;
}

std::string as_json(const ModelFile& model, const std::vector<LayerRow>& rows) {
    Json layers = Json::array();
    for (const auto& row : rows) {
        Json weights = Json::object();
        for (const auto& one : row.weights) {
            Json shape = Json::array();
            for (int axis = 0; axis < one.shape.rank(); ++axis) shape.push_back(one.shape[axis]);
            weights[one.name] = std::move(shape);
        }
        layers.push_back({{"name", row.name},
                          {"description", row.description},
                          {"output", extents_json(row.dst)},
                          {"parameters", row.parameters()},
                          {"weights", std::move(weights)}});
    }
    Json json{{"parameters", parameter_count(rows)},
              {"input", extents_json(model.network.input)},
              {"clip", extents_json(model.clip_shape())},
              {"classes", model.classes},
              {"has_features", model.features.has_value()},
              {"standardised", !model.bands.mean.empty()},
              {"layers", std::move(layers)},
              {"description", describe(model)},
              {"facts", model.facts}};
    if (const auto& optimizer = model.network.optimizer)
        json["optimizer"] = {{"kind", to_string(optimizer->spec.kind)}, {"step", optimizer->step}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<InspectOptions>();
    add_argument(app, "MODEL", options->model, "A .safetensors, .h5 or .keras file");
    add_json_option(app, options->common, "Print one JSON document");
    return [options](const std::string&) {
        require_argument("inspect", "a model file", !options->model.empty());
        const ModelFile model = read_model(options->model);
        const auto rows = describe_model(model.network.model, model.network.input, model.network.classes);
        print(options->common.json ? as_json(model, rows) : as_text(model, rows));
        return ExitCode::done;
    };
}

}  // namespace

Command inspect_command() {
    return {.name = "inspect",
            .summary = "Show what is in a model file",
            .arguments = "MODEL",
            .description =
                "Shows a model's layers with their shapes and parameters, its classes, the features that\n"
                "it takes and where it came from.",
            .example = "  kickdrum inspect results/demo/runs/01/model.safetensors",
            .declare = declare};
}

}  // namespace kickdrum
