// SPDX-License-Identifier: MIT
#include "nn/model/network.h"

#include <map>
#include <string_view>
#include <utility>

namespace kickdrum {
namespace {

// Where each name stands among the weights; a name that stands there twice is refused.
std::map<std::string_view, std::size_t> places_of(std::span<const NamedWeights> weights) {
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        require(places.emplace(weights[i].name, i).second, "the weights '{}' are there twice",
                weights[i].name);
    }
    return places;
}

std::size_t take(std::map<std::string_view, std::size_t>& places, std::span<const NamedWeights> weights,
                 const std::string& name, const Shape& shape) {
    const auto place = places.find(name);
    require(place != places.end(), "there are no weights '{}', which the network needs", name);
    const NamedWeights& found = weights[place->second];
    require(found.shape == shape, "the weights '{}' have shape {}, the network needs {}", name,
            to_string(found.shape), to_string(shape));
    require(std::ssize(found.values) == shape.count(), "the weights '{}' of shape {} have {} values", name,
            to_string(shape), found.values.size());
    const std::size_t index = place->second;
    places.erase(place);
    return index;
}

void require_none_left(const std::map<std::string_view, std::size_t>& places) {
    require(places.empty(), "there are weights '{}', which the network doesn't have",
            places.empty() ? "" : places.begin()->first);
}

}  // namespace

std::vector<WeightRow> weight_rows(const ModelSpec& model, const Shape& input, int classes) {
    std::vector<WeightRow> all;
    for (auto& row : describe_model(model, input, classes)) {
        for (auto& one : row.weights) all.push_back(std::move(one));
    }
    return all;
}

std::vector<NamedWeights> matched_weights(std::vector<NamedWeights> given, std::span<const WeightRow> rows) {
    auto places = places_of(given);
    std::vector<std::size_t> order;
    for (const auto& row : rows) order.push_back(take(places, given, row.name, row.shape));
    require_none_left(places);
    std::vector<NamedWeights> sorted;
    for (const std::size_t index : order) sorted.push_back(std::move(given[index]));
    return sorted;
}

std::vector<NamedWeights> read_weights(const ParameterStore& parameters) {
    std::vector<NamedWeights> weights;
    for (const auto& parameter : parameters.parameters())
        weights.push_back({parameter.name, parameter.shape, parameters.read(parameter)});
    return weights;
}

void write_weights(std::span<const NamedWeights> weights, ParameterStore& parameters) {
    auto places = places_of(weights);
    std::vector<std::size_t> order;
    for (const auto& parameter : parameters.parameters())
        order.push_back(take(places, weights, parameter.name, parameter.shape));
    require_none_left(places);
    std::size_t next = 0;
    for (const auto& parameter : parameters.parameters())
        parameters.write(parameter, weights[order[next++]].values);
}

}  // namespace kickdrum
