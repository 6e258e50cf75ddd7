// SPDX-License-Identifier: MIT
// What is nested: blocks, alternatives with options, layers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/config/experiment_fields.h"
#include "experiments/config/yaml_reader.h"
#include "experiments/nearest_name.h"

namespace kickdrum {
namespace {

using Kind = YamlValue::Kind;

std::vector<std::string> names_of(const std::vector<Alternative>& alternatives) {
    std::vector<std::string> names;
    for (const auto& alternative : alternatives) names.emplace_back(alternative.name);
    return names;
}

}  // namespace

void YamlReader::read_section(const YamlValue& value, const std::string& path, const Section& section) {
    if (value.kind != Kind::map) {
        complain(value, path, "a block of keys");
        return;
    }
    YamlReader reader(value, path, problems_);
    section(reader);
    reader.finish();
}

void YamlReader::block(const Key& key, const Section& section) {
    if (const YamlValue* written = take(key)) read_section(*written, path_of(key.name), section);
}

void YamlReader::named_blocks(const Key& key, const std::vector<std::string>&, const NamedSection& section) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    const std::string path = path_of(key.name);
    if (written->kind != Kind::map || written->entries.empty()) {
        complain(*written, path, "a block of names, each with its keys below it");
        return;
    }
    for (const auto& entry : written->entries) {
        read_section(entry.value, fmt::format("{}.{}", path, entry.key),
                     [&](Fields& fields) { section(fields, entry.key); });
    }
}

void YamlReader::one_of(const Key& key, std::string_view, const std::vector<Alternative>& alternatives) {
    if (const YamlValue* written = take(key)) choose(*written, path_of(key.name), key.name, alternatives);
}

// `value` is `name`, `name: {options}`, or `name: option` for those with a short form.
void YamlReader::choose(const YamlValue& value, const std::string& path, std::string_view noun,
                        const std::vector<Alternative>& alternatives) {
    const std::vector<std::string> names = names_of(alternatives);
    const bool is_word = value.kind == Kind::scalar;
    if (!is_word && (value.kind != Kind::map || value.entries.empty())) {
        complain(value, path, fmt::format("a {}: one of {}", noun, fmt::join(names, ", ")));
        return;
    }
    if (!is_word && value.entries.size() > 1) {
        std::vector<std::string> keys;
        for (const auto& entry : value.entries) keys.push_back(entry.key);
        problems_.add(value.entries[1].problem(fmt::format(
            "'{}' holds {} keys ({}); expected one {}, with its options indented below it or in braces", path,
            keys.size(), fmt::join(keys, ", "), noun)));
        return;
    }
    const std::string& name = is_word ? value.text : value.entries[0].key;
    const auto it = std::ranges::find(names, name);
    if (it == names.end()) {
        std::string message = fmt::format("unknown {} '{}' in '{}'", noun, name, path);
        const std::string hint = did_you_mean(name, names);
        message += hint.empty() ? fmt::format("; known are {}", fmt::join(names, ", ")) : hint;
        problems_.add(is_word ? value.problem(std::move(message))
                              : value.entries[0].problem(std::move(message)));
        return;
    }
    const Alternative& chosen = alternatives[static_cast<std::size_t>(it - names.begin())];
    chosen.select();
    YamlValue options = is_word ? value : value.entries[0].value;  // a bare word: no options
    if (is_word || options.kind == Kind::null) {
        options.kind = Kind::map;
    } else if (options.kind != Kind::map && !chosen.short_option.empty()) {
        YamlValue only = options;
        only.kind = Kind::map;
        only.entries = {{.key = std::string(chosen.short_option),
                         .line = options.line,
                         .column = options.column,
                         .value = std::move(options)}};
        options = std::move(only);
    }
    read_section(options, fmt::format("{}.{}", path, name), chosen.options);
}

void YamlReader::layers(const Key& key, std::vector<LayerSpec>& layers) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    const std::string path = path_of(key.name);
    if (written->kind != Kind::list) {
        complain(*written, path, "a list of layers, each beginning with '- '");
        return;
    }
    if (written->items.empty()) complain(*written, path, "at least one layer");
    layers.clear();
    for (std::size_t i = 0; i < written->items.size(); ++i) {
        const YamlValue& item = written->items[i];
        LayerSpec layer;
        layer.line = item.line;
        layer.column = item.column;
        choose(item, fmt::format("{}.{}", path, i), "layer", layer_alternatives(layer));
        layers.push_back(std::move(layer));
    }
}

void YamlReader::block_or_none(const Key& key, bool, const std::function<void(bool)>& set,
                               const Section& options) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    if (is_none(*written)) {
        set(false);
    } else if (written->kind == Kind::map) {
        set(true);
        read_section(*written, path_of(key.name), options);
    } else {
        complain(*written, path_of(key.name), "none, or a block of options ({} for their defaults)");
    }
}

void YamlReader::word_or_numbers(const Key& key, std::size_t& chosen, const std::vector<Word>& words,
                                 std::map<std::string, double>& numbers, NumberRange range) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    const std::string path = path_of(key.name);
    if (written->kind != Kind::map) {
        chosen = word_at(*written, path, words, "a block with a number for each name").value_or(chosen);
        return;
    }
    chosen = words.size();
    for (const auto& entry : written->entries) {
        if (const auto number = number_at(entry.value, fmt::format("{}.{}", path, entry.key), range)) {
            numbers[entry.key] = *number;
        }
    }
}

void YamlReader::other_numbers(const std::vector<std::string>& names, std::string_view meaning,
                               std::map<std::string, double>& numbers) {
    for (const auto& name : names) {
        const YamlValue* written = take({name, meaning});
        if (written == nullptr) continue;
        if (const auto number = number_at(*written, path_of(name), {})) numbers[name] = *number;
    }
}

}  // namespace kickdrum
