// SPDX-License-Identifier: MIT
#include "experiments/config/yaml_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/config/experiment_fields.h"

namespace kickdrum {
namespace {

YamlValue text_value(const std::string& text) {
    YamlValue value = YamlValue::scalar(text);
    value.quoted = true;
    return value;
}

YamlValue integer_value(std::int64_t number) {
    return YamlValue::scalar(std::to_string(number));
}

// The shortest text that is read as the same number; 1.0e-07, because YAML 1.1 takes 1e-07 for a text.
YamlValue number_value(double number) {
    std::string text = fmt::format("{}", number);
    const std::size_t exponent = text.find('e');
    if (exponent != std::string::npos && text.find('.') == std::string::npos) text.insert(exponent, ".0");
    return YamlValue::scalar(std::move(text));
}

YamlValue built(const Section& section) {
    YamlValue value = YamlValue::map();
    YamlBuilder builder(value);
    section(builder);
    return value;
}

// Options stand on the line of their name, unless there are blocks among them.
YamlValue chosen_value(std::string_view name, const std::vector<Alternative>& alternatives) {
    const auto chosen = std::ranges::find(alternatives, name, &Alternative::name);
    YamlValue options = built(chosen->options);
    if (options.entries.empty()) return YamlValue::scalar(std::string(name));
    options.one_line = std::ranges::none_of(options.entries, [](const YamlEntry& option) {
        return std::ranges::any_of(option.value.items,
                                   [](const YamlValue& item) { return item.kind == YamlValue::Kind::map; });
    });
    YamlValue value = YamlValue::map();
    value.entries.push_back({.key = std::string(name), .value = std::move(options)});
    value.one_line = value.entries[0].value.one_line;
    return value;
}

}  // namespace

void YamlBuilder::add(std::string_view key, YamlValue value) {
    block_.entries.push_back({.key = std::string(key), .value = std::move(value)});
}

void YamlBuilder::number(const Key& key, double& value, NumberRange) {
    add(key.name, number_value(value));
}

void YamlBuilder::number_or_none(const Key& key, std::optional<double>& value, NumberRange) {
    add(key.name, value ? number_value(*value) : YamlValue::scalar("none"));
}

void YamlBuilder::boolean(const Key& key, bool& value) {
    add(key.name, YamlValue::scalar(value ? "true" : "false"));
}

void YamlBuilder::text(const Key& key, std::string& value) {
    if (!value.empty()) add(key.name, text_value(value));
}

void YamlBuilder::optional_text(const Key& key, std::optional<std::string>& value) {
    if (value) add(key.name, text_value(*value));
}

void YamlBuilder::optional_integer(const Key& key, std::optional<std::int64_t>& value, IntegerRange) {
    if (value) add(key.name, integer_value(*value));
}

void YamlBuilder::texts(const Key& key, std::vector<std::string>& values) {
    if (values.empty()) return;
    YamlValue list;
    list.kind = YamlValue::Kind::list;
    for (const auto& value : values) list.items.push_back(text_value(value));
    add(key.name, std::move(list));
}

void YamlBuilder::integers(const Key& key, std::vector<std::int64_t>& values, IntegerRange,
                           std::optional<std::size_t>) {
    if (values.empty()) return;
    YamlValue list;
    list.kind = YamlValue::Kind::list;
    for (const auto value : values) list.items.push_back(integer_value(value));
    add(key.name, std::move(list));
}

void YamlBuilder::numbers(const Key& key, std::vector<double>& values, NumberRange) {
    if (values.empty()) return;
    YamlValue list;
    list.kind = YamlValue::Kind::list;
    for (const auto value : values) list.items.push_back(number_value(value));
    add(key.name, std::move(list));
}

void YamlBuilder::extent(const Key& key, Extent2d& value, IntegerRange) {
    if (value.h == value.w) {
        add(key.name, integer_value(value.h));
        return;
    }
    YamlValue list;
    list.kind = YamlValue::Kind::list;
    list.items = {integer_value(value.h), integer_value(value.w)};
    add(key.name, std::move(list));
}

void YamlBuilder::block(const Key& key, const Section& section) {
    YamlValue value = built(section);
    if (!value.entries.empty()) add(key.name, std::move(value));
}

void YamlBuilder::named_blocks(const Key& key, const std::vector<std::string>& names,
                               const NamedSection& section) {
    if (names.empty()) return;
    YamlValue map = YamlValue::map();
    for (const auto& name : names) {
        map.entries.push_back({.key = name, .value = built([&](Fields& fields) { section(fields, name); })});
    }
    add(key.name, std::move(map));
}

void YamlBuilder::one_of(const Key& key, std::string_view current,
                         const std::vector<Alternative>& alternatives) {
    add(key.name, chosen_value(current, alternatives));
}

void YamlBuilder::layers(const Key& key, std::vector<LayerSpec>& layers) {
    if (layers.empty()) return;
    YamlValue list;
    list.kind = YamlValue::Kind::list;
    for (auto& layer : layers)
        list.items.push_back(chosen_value(type_name(layer), layer_alternatives(layer)));
    add(key.name, std::move(list));
}

void YamlBuilder::word_or_numbers(const Key& key, std::size_t& chosen, const std::vector<Word>& words,
                                  std::map<std::string, double>& numbers, NumberRange) {
    if (chosen < words.size()) {
        add(key.name, YamlValue::scalar(std::string(words[chosen].word)));
        return;
    }
    YamlValue map = YamlValue::map();
    for (const auto& [name, number] : numbers)
        map.entries.push_back({.key = name, .value = number_value(number)});
    map.one_line = true;
    add(key.name, std::move(map));
}

void YamlBuilder::other_numbers(const std::vector<std::string>&, std::string_view,
                                std::map<std::string, double>& numbers) {
    for (const auto& [name, number] : numbers) add(name, number_value(number));
}

void YamlBuilder::whole_number(const Key& key, std::int64_t& value, IntegerRange,
                               const std::optional<Choice<std::int64_t>>& word) {
    const bool is_word = word && value == word->value;
    add(key.name, is_word ? YamlValue::scalar(std::string(word->word)) : integer_value(value));
}

void YamlBuilder::word(const Key& key, std::size_t& chosen, const std::vector<Word>& words) {
    add(key.name, YamlValue::scalar(std::string(words.at(chosen).word)));
}

void YamlBuilder::block_or_none(const Key& key, bool present, const std::function<void(bool)>&,
                                const Section& options) {
    if (!present) {
        add(key.name, YamlValue::scalar("none"));
        return;
    }
    YamlValue value = built(options);
    value.one_line = true;
    add(key.name, std::move(value));
}

}  // namespace kickdrum
