// SPDX-License-Identifier: MIT
#include "experiments/config/yaml_value.h"

#include <algorithm>

namespace kickdrum {

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

}  // namespace kickdrum
