// SPDX-License-Identifier: MIT
#include "experiments/config/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kickdrum {
namespace {

using Kind = YamlValue::Kind;

// The figures' names have dots in them, so that all behind `published.` is one key.
std::vector<std::string> path_parts(const std::string& path) {
    constexpr std::string_view kFigures = "published.";
    if (path.starts_with(kFigures)) return {"published", path.substr(kFigures.size())};
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
        parts.push_back(path.substr(begin, dot - begin));
        begin = dot + 1;
    }
    parts.push_back(path.substr(begin));
    return parts;
}

class Override {
 public:
    Override(std::string source, std::vector<std::string> parts, YamlValue value, Problems& problems)
        : source_(std::move(source)),
          parts_(std::move(parts)),
          value_(std::move(value)),
          problems_(problems) {}

    void apply(YamlValue& node, std::size_t depth = 0) {
        if (node.kind == Kind::list) {
            apply_to_list(node, depth);
            return;
        }
        if (node.kind != Kind::map) make_map(node, depth);
        YamlEntry* entry = node.find(parts_[depth]);
        const bool last = depth + 1 == parts_.size();
        if (last && value_.kind == Kind::null) {
            std::erase_if(node.entries, [&](const YamlEntry& one) { return one.key == parts_[depth]; });
            return;
        }
        if (entry == nullptr) {
            YamlValue empty = YamlValue::map();
            empty.source = source_;
            entry = &node.entries.emplace_back(YamlEntry{.key = parts_[depth], .value = std::move(empty)});
        }
        if (last) {
            *entry = {.key = parts_[depth], .value = value_};
        } else {
            apply(entry->value, depth + 1);
        }
    }

 private:
    // `optimizer: adam` becomes `optimizer: {adam: {}}` for optimizer.adam.beta_1; other words make way.
    void make_map(YamlValue& node, std::size_t depth) const {
        const std::string word = node.kind == Kind::scalar ? node.text : "";
        YamlValue map = YamlValue::map();
        map.source = source_;
        if (word == parts_[depth]) {
            YamlValue options = map;
            map.entries.push_back({.key = word, .value = std::move(options)});
        }
        node = std::move(map);
    }

    void apply_to_list(YamlValue& list, std::size_t depth) {
        const std::string& part = parts_[depth];
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
        if (error != std::errc{} || end != part.data() + part.size() || index >= list.items.size()) {
            problems_.add({.message = fmt::format(
                               "'{}' is a list of {}; '{}' is none of its numbers, which count from 0",
                               joined(depth), list.items.size(), part),
                           .file = source_});
            return;
        }
        const auto item = list.items.begin() + static_cast<std::ptrdiff_t>(index);
        if (depth + 1 < parts_.size()) {
            apply(*item, depth + 1);
        } else if (value_.kind == Kind::null) {
            list.items.erase(item);
        } else {
            *item = value_;
        }
    }

    std::string joined(std::size_t depth) const {
        std::string path;
        for (std::size_t i = 0; i < depth; ++i) path += (i == 0 ? "" : ".") + parts_[i];
        return path;
    }

    std::string source_;
    std::vector<std::string> parts_;
    YamlValue value_;
    Problems& problems_;
};

}  // namespace

void apply_override(YamlValue& root, const std::string& assignment, Problems& problems) {
    const std::string source = "--set " + assignment;
    const std::size_t equals = assignment.find('=');
    const std::string path = assignment.substr(0, equals);
    const std::vector<std::string> parts = path_parts(path);
    const bool named = std::ranges::none_of(parts, &std::string::empty);
    if (equals == std::string::npos || !named) {
        problems.add({.message = "expected key.path=value, like training.batch_size=32", .file = source});
        return;
    }
    const auto value = parse_yaml(assignment.substr(equals + 1), source, problems, false);
    if (value) Override(source, parts, *value, problems).apply(root);
}

}  // namespace kickdrum
