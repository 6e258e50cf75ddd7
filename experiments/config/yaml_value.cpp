// SPDX-License-Identifier: MIT
#include "experiments/config/yaml_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kickdrum {
namespace {

bool same_place(const Diagnostic& problem, const std::string& source, int line, int column) {
    return problem.file == source && problem.line == line && problem.column == column;
}

}  // namespace

const YamlEntry* YamlValue::find(std::string_view key) const {
    const auto it = std::ranges::find(entries, key, &YamlEntry::key);
    return it == entries.end() ? nullptr : &*it;
}

YamlEntry* YamlValue::find(std::string_view key) {
    const auto it = std::ranges::find(entries, key, &YamlEntry::key);
    return it == entries.end() ? nullptr : &*it;
}

Diagnostic YamlValue::problem(std::string message) const {
    return {.message = std::move(message), .file = source, .line = line, .column = column};
}

YamlValue YamlValue::scalar(std::string text) {
    YamlValue value;
    value.kind = Kind::scalar;
    value.text = std::move(text);
    return value;
}

YamlValue YamlValue::map() {
    YamlValue value;
    value.kind = Kind::map;
    return value;
}

Diagnostic YamlEntry::problem(std::string message) const {
    return {.message = std::move(message), .file = value.source, .line = line, .column = column};
}

const YamlValue* value_at(const YamlValue& root, const std::string& path) {
    const YamlValue* value = &root;
    std::size_t begin = 0;
    while (value != nullptr && begin <= path.size()) {
        const std::size_t dot = std::min(path.find('.', begin), path.size());
        const std::string part = path.substr(begin, dot - begin);
        begin = dot + 1;
        if (value->kind == YamlValue::Kind::list) {
            std::size_t index = value->items.size();
            std::from_chars(part.data(), part.data() + part.size(), index);
            value = index < value->items.size() ? &value->items[index] : nullptr;
        } else {
            const YamlEntry* entry = value->find(part);
            value = entry == nullptr ? nullptr : &entry->value;
        }
    }
    return value;
}

bool has_problem(const YamlValue& value, const Problems& problems) {
    const bool itself = std::ranges::any_of(problems.list(), [&](const Diagnostic& problem) {
        return same_place(problem, value.source, value.line, value.column);
    });
    if (itself) return true;
    for (const auto& item : value.items) {
        if (has_problem(item, problems)) return true;
    }
    return std::ranges::any_of(value.entries, [&](const YamlEntry& entry) {
        const bool at_key = std::ranges::any_of(problems.list(), [&](const Diagnostic& problem) {
            return same_place(problem, entry.value.source, entry.line, entry.column);
        });
        return at_key || has_problem(entry.value, problems);
    });
}

std::string described(const YamlValue& value) {
    constexpr std::size_t kMostShown = 60;
    switch (value.kind) {
        case YamlValue::Kind::null: return "empty";
        case YamlValue::Kind::list: return "a list";
        case YamlValue::Kind::map: return "a block of keys";
        case YamlValue::Kind::scalar: break;
    }
    std::string text = value.text.substr(0, kMostShown);
    if (value.text.size() > kMostShown) text += "...";
    std::ranges::replace(text, '\n', ' ');
    return value.quoted ? fmt::format("the text \"{}\"", text) : fmt::format("'{}'", text);
}

bool is_none(const YamlValue& value) {
    return value.kind == YamlValue::Kind::scalar && (value.text == "none" || value.text == "false");
}

}  // namespace kickdrum
