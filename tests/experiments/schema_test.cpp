// SPDX-License-Identifier: MIT
// The JSON Schema and the reader name the same keys.
#include "experiments/config/schema.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "experiments/config/experiment_fields.h"
#include "experiments/studies/study_file.h"
#include "experiments/studies/study_schema.h"

namespace kickdrum {
namespace {

using nlohmann::json;

void collect_keys(const json& node, std::set<std::string>& keys) {
    if (!node.is_structured()) return;
    if (node.is_object() && node.contains("properties")) {
        for (const auto& [key, value] : node["properties"].items()) keys.insert(key);
    }
    for (const auto& child : node) collect_keys(child, keys);
}

std::set<std::string> schema_keys() {
    std::set<std::string> keys;
    collect_keys(json::parse(experiment_schema()), keys);
    return keys;
}

TEST(Schema, IsADraft202012Schema) {
    const json schema = json::parse(experiment_schema());
    EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ(schema["required"], json({"data"}));
    EXPECT_EQ(schema["anyOf"], json::parse(R"([{"required": ["model"]}, {"required": ["baselines"]}])"));
    EXPECT_EQ(schema["additionalProperties"], false);
    EXPECT_EQ(schema["properties"]["model"]["$ref"], "#/$defs/layers");
    EXPECT_TRUE(schema["$defs"].contains("layers"));
}

TEST(Schema, SaysTypesRangesDefaultsAndMeanings) {
    const json properties = json::parse(experiment_schema())["properties"];
    EXPECT_EQ(properties["runs"],
              json::parse(R"({"type": "integer", "minimum": 1, "maximum": 1000, "default": 5,
        "description": "number of trainings, each with random streams of its own"})"));
    EXPECT_EQ(properties["training"]["properties"]["label_smoothing"]["exclusiveMaximum"], 1.0);
    EXPECT_FALSE(properties["data"].contains("required"));  // audio or images
    EXPECT_TRUE(properties["data"]["properties"].contains("images"));
    EXPECT_EQ(properties["data"]["properties"]["on_bad_clip"]["enum"], json({"stop", "skip"}));
}

TEST(Schema, HoldsEveryLayerWithItsOptions) {
    const json schema = json::parse(experiment_schema());
    std::set<std::string> names;
    for (const auto& type : schema["$defs"]["layers"]["items"]["anyOf"]) {
        if (type.contains("required")) names.insert(type["required"][0]);
    }
    LayerSpec layer;
    std::set<std::string> expected;
    for (const auto& alternative : layer_alternatives(layer)) expected.emplace(alternative.name);
    EXPECT_EQ(names, expected);
    EXPECT_EQ(names.size(), std::variant_size_v<decltype(LayerSpec::kind)> + 2)
        << "pools have two names each";
}

TEST(Schema, TheManualNamesEveryKey) {
    std::ifstream file(std::string(KICKDRUM_SOURCE_DIR) + "/docs/experiment_file.md");
    ASSERT_TRUE(file);
    std::stringstream manual;
    manual << file.rdbuf();
    for (const auto& key : schema_keys()) {
        EXPECT_THAT(manual.str(), testing::HasSubstr('`' + key + '`'))
            << "docs/experiment_file.md leaves it out";
    }
    EXPECT_GT(schema_keys().size(), 80U);
}

TEST(StudySchema, NamesTheKeysThatAreRead) {
    const json schema = json::parse(study_schema());
    std::set<std::string> names;
    for (const auto& [key, value] : schema["properties"].items()) {
        names.insert(key);
        EXPECT_FALSE(value["description"].get<std::string>().empty()) << key;
    }
    EXPECT_EQ(names, std::set<std::string>(study_keys().begin(), study_keys().end()));
    EXPECT_EQ(schema["required"], json({"study", "base"}));
    EXPECT_EQ(schema["additionalProperties"], false);
}

}  // namespace
}  // namespace kickdrum
