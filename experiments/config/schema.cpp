// SPDX-License-Identifier: MIT
#include "experiments/config/schema.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/config/experiment_fields.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kLayers = "#/$defs/layers";

Json integer_type(IntegerRange range) {
    Json type{{"type", "integer"}, {"minimum", range.low}};
    if (range.high != std::numeric_limits<std::int64_t>::max()) type["maximum"] = range.high;
    return type;
}

Json number_type(NumberRange range) {
    Json type{{"type", "number"}};
    if (std::isfinite(range.low)) type[range.without_low ? "exclusiveMinimum" : "minimum"] = range.low;
    if (std::isfinite(range.high)) type[range.without_high ? "exclusiveMaximum" : "maximum"] = range.high;
    return type;
}

Json any_of(std::initializer_list<Json> types) {
    return {{"anyOf", Json(std::vector<Json>(types))}};
}

Json words_type(const std::vector<Word>& words) {
    Json list = Json::array();
    for (const auto& word : words) list.push_back(std::string(word.word));
    return {{"enum", list}};
}

Json none_type() {
    return {{"enum", {"none", false}}};
}

// The keys of one block. Nothing is read: values are only looked at, for the defaults.
class SchemaFields : public Fields {
 public:
    // The block's type; `required` keys are those without a default.
    static Json object_of(const Section& section) {
        SchemaFields fields;
        section(fields);
        Json type{{"type", "object"}, {"properties", fields.properties_}, {"additionalProperties", false}};
        if (!fields.required_.empty()) type["required"] = fields.required_;
        return type;
    }

    static Json one_of_type(const std::vector<Alternative>& alternatives) {
        Json types = Json::array();
        Json bare = Json::array();
        for (const auto& alternative : alternatives) {
            alternative.select();
            Json options = object_of(alternative.options);
            if (!options.contains("required")) bare.push_back(std::string(alternative.name));
            if (!alternative.short_option.empty()) {
                options = any_of({options, options["properties"][std::string(alternative.short_option)]});
            }
            const std::string name(alternative.name);
            types.push_back({{"type", "object"},
                             {"description", std::string(alternative.meaning)},
                             {"properties", {{name, std::move(options)}}},
                             {"required", {name}},
                             {"additionalProperties", false}});
        }
        types.push_back({{"enum", std::move(bare)}});
        return {{"anyOf", std::move(types)}};
    }

    void number(const Key& key, double& value, NumberRange range) override {
        add(key, number_type(range), value);
    }
    void number_or_none(const Key& key, std::optional<double>&, NumberRange range) override {
        add(key, any_of({number_type(range), none_type()}), "none");
    }
    void boolean(const Key& key, bool& value) override { add(key, {{"type", "boolean"}}, value); }
    void text(const Key& key, std::string& value) override {
        add(key, text_type(), value.empty() ? Json() : Json(value));
    }
    void optional_text(const Key& key, std::optional<std::string>&) override { add(key, text_type(), {}); }
    void optional_integer(const Key& key, std::optional<std::int64_t>& value, IntegerRange range) override {
        add(key, integer_type(range), value ? Json(*value) : Json());
    }
    void texts(const Key& key, std::vector<std::string>&) override {
        add(key, {{"type", "array"}, {"items", text_type()}, {"minItems", 1}}, {});
    }
    void integers(const Key& key, std::vector<std::int64_t>& values, IntegerRange range,
                  std::optional<std::size_t> length) override {
        Json type{{"type", "array"}, {"items", integer_type(range)}, {"minItems", length.value_or(1)}};
        if (length) type["maxItems"] = *length;
        add(key, std::move(type), values.empty() ? Json() : Json(values));
    }
    void numbers(const Key& key, std::vector<double>&, NumberRange range) override {
        add(key, {{"type", "array"}, {"items", number_type(range)}, {"minItems", 1}}, {});
    }
    void extent(const Key& key, Extent2d& value, IntegerRange range) override {
        const Json both{{"type", "array"}, {"items", integer_type(range)}, {"minItems", 2}, {"maxItems", 2}};
        add(key, any_of({integer_type(range), both}), {value.h, value.w});
    }
    void block(const Key& key, const Section& section) override { add(key, object_of(section), {}); }
    void named_blocks(const Key& key, const std::vector<std::string>&, const NamedSection& section) override {
        const Json each = object_of([&](Fields& fields) { section(fields, "name"); });
        add(key, {{"type", "object"}, {"additionalProperties", each}, {"minProperties", 1}}, {});
    }
    void one_of(const Key& key, std::string_view current,
                const std::vector<Alternative>& alternatives) override {
        const std::string by_default(current);
        add(key, one_of_type(alternatives), by_default);
    }
    void layers(const Key& key, std::vector<LayerSpec>&) override { add(key, {{"$ref", kLayers}}, {}); }
    void word_or_numbers(const Key& key, std::size_t& chosen, const std::vector<Word>& words,
                         std::map<std::string, double>&, NumberRange range) override {
        const Json by_name{{"type", "object"}, {"additionalProperties", number_type(range)}};
        add(key, any_of({words_type(words), by_name}), std::string(words.at(chosen).word));
    }
    void other_numbers(const std::vector<std::string>& names, std::string_view meaning,
                       std::map<std::string, double>&) override {
        for (const auto& name : names) add({name, meaning}, number_type({}), {});
    }

 protected:
    void whole_number(const Key& key, std::int64_t& value, IntegerRange range,
                      const std::optional<Choice<std::int64_t>>& word) override {
        if (!word) {
            add(key, integer_type(range), value);
            return;
        }
        const Json type = any_of({integer_type(range), words_type({{word->word}})});
        add(key, type, value == word->value ? Json(std::string(word->word)) : Json(value));
    }
    void word(const Key& key, std::size_t& chosen, const std::vector<Word>& words) override {
        add(key, words_type(words), std::string(words.at(chosen).word));
    }
    void block_or_none(const Key& key, bool, const std::function<void(bool)>& set,
                       const Section& options) override {
        set(true);
        add(key, any_of({object_of(options), none_type()}), "none");
        set(false);
    }

 private:
    static Json text_type() { return {{"type", {"string", "number"}}, {"minLength", 1}}; }

    void add(const Key& key, Json type, Json by_default) {
        const std::string name(key.name);
        type["description"] = std::string(key.meaning);
        if (key.required) {
            required_.push_back(name);
        } else if (!key.derived && !by_default.is_null()) {
            type["default"] = std::move(by_default);
        }
        properties_[name] = std::move(type);
    }

    Json properties_ = Json::object();
    std::vector<std::string> required_;
};

}  // namespace

std::string experiment_schema() {
    ExperimentConfig config;
    FileOnlyValues other;
    Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                {"title", "Kickdrum experiment"}};
    schema.update(SchemaFields::object_of([&](Fields& fields) { experiment_fields(fields, config, other); }));
    // An experiment trains a network or fits baselines.
    schema["anyOf"] = {{{"required", {"model"}}}, {{"required", {"baselines"}}}};
    LayerSpec layer;
    schema["$defs"] = {{"layers",
                        {{"type", "array"},
                         {"minItems", 1},
                         {"items", SchemaFields::one_of_type(layer_alternatives(layer))}}}};
    return schema.dump(2) + '\n';
}

}  // namespace kickdrum
