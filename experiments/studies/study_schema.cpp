// SPDX-License-Identifier: MIT
#include "experiments/studies/study_schema.h"

#include <nlohmann/json.hpp>

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

Json with_meaning(Json type, const char* meaning) {
    type["description"] = meaning;
    return type;
}

Json text() {
    return {{"type", "string"}, {"minLength", 1}};
}

Json integer(std::int64_t least, std::int64_t most) {
    return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}

Json list_of(Json items) {
    return {{"type", "array"}, {"items", std::move(items)}, {"minItems", 1}};
}

Json any_of(std::initializer_list<Json> types) {
    return {{"anyOf", Json(std::vector<Json>(types))}};
}

Json object(Json properties, std::vector<std::string> required) {
    Json type{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) type["required"] = required;
    return type;
}

// main | small: {key.path: value, ...} | {key.path: value, ...}
Json variants() {
    Json changes{
        {"type", "object"},
        {"properties", {{"base", with_meaning(text(), "another experiment file than the study's")}}}};
    return list_of(any_of({text(), std::move(changes)}));
}

// What a key of the experiment is drawn from.
Json distribution() {
    const Json bounds{{"type", "array"}, {"items", {{"type", "number"}}}, {"minItems", 2}, {"maxItems", 2}};
    Json types = Json::array();
    for (const auto* name : {"uniform", "log_uniform", "integer"})
        types.push_back(object({{name, bounds}}, {name}));
    types.push_back({{"type", "array"}, {"minItems", 1}});
    return {{"anyOf", std::move(types)}};
}

Json random() {
    return {{"type", "object"},
            {"properties",
             {{"budget", with_meaning(integer(1, 10'000), "how many variants are drawn")},
              {"seed", with_meaning({{"type", "integer"}, {"minimum", 0}}, "of the draws")}}},
            {"additionalProperties", distribution()},
            {"required", {"budget"}}};
}

Json halving() {
    return object(
        {{"epochs", with_meaning(any_of({integer(1, 1'000'000), list_of(integer(1, 1'000'000))}),
                                 "epochs of each round")},
         {"keep", with_meaning({{"type", "number"}, {"exclusiveMinimum", 0}, {"exclusiveMaximum", 1}},
                               "share of the variants that stays after a round")},
         {"runs", with_meaning(integer(1, 1000), "trainings of each variant in a round")}},
        {"epochs"});
}

}  // namespace

std::string study_schema() {
    const Json seed{{"type", "integer"}, {"minimum", 0}};
    Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Kickdrum study"}};
    schema.update(object(
        {{"study", with_meaning(text(), "name of the study and of its results folder")},
         {"base",
          with_meaning(text(), "the experiment file that the variants change; relative to this file")},
         {"runs", with_meaning(integer(1, 1000), "trainings of each variant")},
         {"seed", with_meaning(seed, "from which all random numbers of the runs follow")},
         {"split_seeds", with_meaning(list_of(seed), "seeds of the splits, in turn over the runs")},
         {"parallel_runs",
          with_meaning(any_of({integer(1, 1000), Json{{"enum", {"auto"}}}}), "trainings at the same time")},
         {"variants", with_meaning(variants(), "the first is what the others are compared with")},
         {"grid",
          with_meaning({{"type", "object"}, {"additionalProperties", {{"type", "array"}, {"minItems", 1}}}},
                       "keys of the experiment, each with its values: all combinations")},
         {"random", with_meaning(random(), "keys of the experiment, drawn at random")},
         {"halving", with_meaning(halving(), "successive halving of the variants")}},
        {"study", "base"}));
    return schema.dump(2) + '\n';
}

}  // namespace kickdrum
