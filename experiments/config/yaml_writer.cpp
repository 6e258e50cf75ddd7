// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "experiments/config/yaml_value.h"

namespace kickdrum {
namespace {

using Kind = YamlValue::Kind;

bool is_plain_word(const std::string& text) {
    constexpr std::array<std::string_view, 8> kWithMeaning{"null", "Null",  "NULL",  "true",
                                                           "True", "false", "False", "~"};
    if (text.empty() || std::ranges::find(kWithMeaning, text) != kWithMeaning.end()) return false;
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '/' || c == '-' || c == '+';
    };
    return text.front() != '-' && std::ranges::all_of(text, allowed);
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string scalar_text(const YamlValue& value) {
    if (!value.quoted) return value.text;
    return is_plain_word(value.text) ? value.text : quoted(value.text);
}

std::string key_text(const std::string& key) {
    return is_plain_word(key) ? key : quoted(key);
}

std::string on_one_line(const YamlValue& value) {
    std::string text;
    switch (value.kind) {
        case Kind::null: return "null";
        case Kind::scalar: return scalar_text(value);
        case Kind::list:
            for (const auto& item : value.items) text += (text.empty() ? "" : ", ") + on_one_line(item);
            return '[' + text + ']';
        case Kind::map:
            for (const auto& entry : value.entries) {
                text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", key_text(entry.key),
                                    on_one_line(entry.value));
            }
            return '{' + text + '}';
    }
    return text;
}

bool fits_on_one_line(const YamlValue& value) {
    switch (value.kind) {
        case Kind::map: return value.one_line || value.entries.empty();
        case Kind::list:
            return std::ranges::all_of(value.items, [](const YamlValue& item) {
                return item.kind == Kind::scalar || item.kind == Kind::null;
            });
        default: return true;
    }
}

void write(std::string& out, const YamlValue& value, std::size_t indent);

void write_entry(std::string& out, const YamlEntry& entry, std::size_t indent) {
    out += key_text(entry.key) + ':';
    if (fits_on_one_line(entry.value)) {
        out += ' ' + on_one_line(entry.value) + '\n';
    } else {
        out += '\n';
        write(out, entry.value, indent + 2);
    }
}

void write(std::string& out, const YamlValue& value, std::size_t indent) {
    const std::string margin(indent, ' ');
    for (const auto& item : value.items) {
        if (item.entries.empty()) {
            out += margin + "- " + on_one_line(item) + '\n';
            continue;
        }
        bool first = true;
        for (const auto& entry : item.entries) {
            out += margin + (first ? "- " : "  ");
            write_entry(out, entry, indent + 2);
            first = false;
        }
    }
    for (const auto& entry : value.entries) {
        out += margin;
        write_entry(out, entry, indent);
    }
}

}  // namespace

std::string to_yaml(const YamlValue& value) {
    std::string out;
    write(out, value, 0);
    return out;
}

}  // namespace kickdrum
