// SPDX-License-Identifier: MIT
// A YAML document as a plain tree in which every value knows where it was written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/diagnostics.h"

namespace kickdrum {

struct YamlEntry;

struct YamlValue {
    enum class Kind { null, scalar, list, map };
    Kind kind = Kind::null;
    std::string text;     // of a scalar
    bool quoted = false;  // "5" is a text, 5 a number
    std::vector<YamlValue> items;
    std::vector<YamlEntry> entries;  // in the file's order, no key twice
    bool one_line = false;           // of a map: how to_yaml writes it

    std::string source;  // the file, or the --set that it comes from
    int line = 0;        // from 1; 0 in an override
    int column = 0;

    const YamlEntry* find(std::string_view key) const;
    YamlEntry* find(std::string_view key);
    // A mistake at this place.
    Diagnostic problem(std::string message) const;

    static YamlValue scalar(std::string text);
    static YamlValue map();
};

struct YamlEntry {
    std::string key;
    int line = 0;  // of the key
    int column = 0;
    YamlValue value;

    Diagnostic problem(std::string message) const;  // at the key
};

// The value at a path ("training.class_weights"; list elements by number); nullptr: left out.
const YamlValue* value_at(const YamlValue& root, const std::string& path);

// "'many'", "the text \"5\"", "a list": what stands there, for messages.
std::string described(const YamlValue& value);
// `none` or `false`: the word for what is left out.
bool is_none(const YamlValue& value);

// Whether a mistake was found at this value, or in it.
bool has_problem(const YamlValue& value, const Problems& problems);

// Parses one document. Broken YAML and keys that stand twice in one block go to `problems`; nothing comes
// back where the text could not be read at all. An empty text gives a null. `with_positions`: false for an
// override, which has no lines.
std::optional<YamlValue> parse_yaml(const std::string& text, const std::string& source, Problems& problems,
                                    bool with_positions = true);

// The document as text that parse_yaml reads as the same tree. Plain lists and maps marked so stand on one
// line.
std::string to_yaml(const YamlValue& value);

}  // namespace kickdrum
