// SPDX-License-Identifier: MIT
#include "experiments/config/yaml_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "experiments/config/experiment_fields.h"
#include "experiments/nearest_name.h"

namespace kickdrum {
namespace {

using Kind = YamlValue::Kind;

template <class T>
std::optional<T> parsed(const YamlValue& value) {
    if (value.kind != Kind::scalar || value.quoted) return std::nullopt;
    std::string_view text = value.text;
    if (text.starts_with('+')) text.remove_prefix(1);
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string found(const YamlValue& value) {
    constexpr std::size_t kMostShown = 60;
    switch (value.kind) {
        case Kind::null: return "empty";
        case Kind::list: return "a list";
        case Kind::map: return "a block of keys";
        case Kind::scalar: break;
    }
    std::string text = value.text.substr(0, kMostShown);
    if (value.text.size() > kMostShown) text += "...";
    std::ranges::replace(text, '\n', ' ');
    return value.quoted ? fmt::format("the text \"{}\"", text) : fmt::format("'{}'", text);
}

bool is_none(const YamlValue& value) {
    return value.kind == Kind::scalar && (value.text == "none" || value.text == "false");
}

std::vector<std::string> names_of(const std::vector<Alternative>& alternatives) {
    std::vector<std::string> names;
    for (const auto& alternative : alternatives) names.emplace_back(alternative.name);
    return names;
}

}  // namespace

YamlReader::YamlReader(const YamlValue& block, std::string path, Problems& problems)
    : block_(block), path_(std::move(path)), problems_(problems) {}

std::string YamlReader::path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void YamlReader::complain(const YamlValue& value, const std::string& path, const std::string& expected) {
    problems_.add(value.problem(fmt::format("'{}' is {}; expected {}", path, found(value), expected)));
}

const YamlValue* YamlReader::take(const Key& key) {
    asked_.emplace_back(key.name);
    const YamlEntry* entry = block_.find(key.name);
    if (entry != nullptr && entry->value.kind != Kind::null) return &entry->value;
    const std::string path = path_of(key.name);
    if (entry != nullptr) {
        problems_.add(entry->problem(fmt::format("'{}' has no value ({})", path, key.meaning)));
    } else if (key.required) {
        problems_.add(block_.problem(fmt::format("'{}' is missing ({})", path, key.meaning)));
    }
    return nullptr;
}

void YamlReader::finish() {
    for (const auto& entry : block_.entries) {
        if (std::ranges::find(asked_, entry.key) != asked_.end()) continue;
        std::string message = fmt::format("unknown key '{}'", entry.key);
        if (!path_.empty()) message += fmt::format(" in '{}'", path_);
        const std::string hint = did_you_mean(entry.key, asked_);
        if (!hint.empty()) {
            message += hint;
        } else if (asked_.empty()) {
            message += "; it has no options";
        } else {
            message += fmt::format("; known are {}", fmt::join(asked_, ", "));
        }
        problems_.add(entry.problem(std::move(message)));
    }
}

std::optional<double> YamlReader::number_at(const YamlValue& value, const std::string& path,
                                            NumberRange range) {
    const auto number = parsed<double>(value);
    if (number && range.contains(*number)) return number;
    complain(value, path, to_string(range));
    return std::nullopt;
}

std::optional<std::int64_t> YamlReader::integer_at(const YamlValue& value, const std::string& path,
                                                   IntegerRange range, const std::string& expected) {
    const auto number = parsed<std::int64_t>(value);
    if (number && *number >= range.low && *number <= range.high) return number;
    complain(value, path, expected);
    return std::nullopt;
}

std::optional<std::string> YamlReader::text_at(const YamlValue& value, const std::string& path) {
    if (value.kind == Kind::scalar && !value.text.empty()) return value.text;
    complain(value, path, "a text");
    return std::nullopt;
}

std::optional<std::size_t> YamlReader::word_at(const YamlValue& value, const std::string& path,
                                               const std::vector<Word>& words, std::string_view or_else) {
    std::vector<std::string> names;
    for (const auto& one : words) names.emplace_back(one.word);
    const auto it = value.kind == Kind::scalar ? std::ranges::find(names, value.text) : names.end();
    if (it != names.end()) {
        const auto index = static_cast<std::size_t>(it - names.begin());
        if (words[index].unavailable.empty()) return index;
        problems_.add(value.problem(fmt::format("'{}: {}': {}", path, value.text, words[index].unavailable)));
        return std::nullopt;
    }
    std::string expected = names.size() == 1 ? fmt::format("{}, the only one so far", names[0])
                                             : fmt::format("one of {}", fmt::join(names, ", "));
    if (!or_else.empty()) expected += fmt::format(" or {}", or_else);
    if (value.kind == Kind::scalar) expected += did_you_mean(value.text, names);
    complain(value, path, expected);
    return std::nullopt;
}

void YamlReader::read_section(const YamlValue& value, const std::string& path, const Section& section) {
    if (value.kind != Kind::map) {
        complain(value, path, "a block of keys");
        return;
    }
    YamlReader reader(value, path, problems_);
    section(reader);
    reader.finish();
}

void YamlReader::number(const Key& key, double& value, NumberRange range) {
    if (const YamlValue* written = take(key))
        value = number_at(*written, path_of(key.name), range).value_or(value);
}

void YamlReader::number_or_none(const Key& key, std::optional<double>& value, NumberRange range) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    if (is_none(*written)) {
        value.reset();
    } else if (const auto number = parsed<double>(*written); number && range.contains(*number)) {
        value = number;
    } else {
        complain(*written, path_of(key.name), to_string(range) + ", or none");
    }
}

void YamlReader::boolean(const Key& key, bool& value) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    if (written->kind == Kind::scalar && !written->quoted &&
        (written->text == "true" || written->text == "false")) {
        value = written->text == "true";
    } else {
        complain(*written, path_of(key.name), "true or false");
    }
}

void YamlReader::text(const Key& key, std::string& value) {
    if (const YamlValue* written = take(key)) value = text_at(*written, path_of(key.name)).value_or(value);
}

void YamlReader::optional_text(const Key& key, std::optional<std::string>& value) {
    if (const YamlValue* written = take(key)) value = text_at(*written, path_of(key.name));
}

void YamlReader::optional_integer(const Key& key, std::optional<std::int64_t>& value, IntegerRange range) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    const auto number = integer_at(*written, path_of(key.name), range, to_string(range));
    if (number) value = number;
}

void YamlReader::texts(const Key& key, std::vector<std::string>& values) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    if (written->kind != Kind::list || written->items.empty()) {
        complain(*written, path_of(key.name), "a list of names, like [a, b]");
        return;
    }
    values.clear();
    for (std::size_t i = 0; i < written->items.size(); ++i) {
        const auto text = text_at(written->items[i], fmt::format("{}.{}", path_of(key.name), i));
        values.push_back(text.value_or(""));
    }
}

void YamlReader::integers(const Key& key, std::vector<std::int64_t>& values, IntegerRange range,
                          std::optional<std::size_t> length) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    const std::string path = path_of(key.name);
    if (written->kind != Kind::list || written->items.empty() ||
        (length && written->items.size() != *length)) {
        const std::string expected =
            length ? fmt::format("a list of {}", *length) : "a list of whole numbers";
        const std::string is = written->kind == Kind::list
                                   ? fmt::format("a list of {}", written->items.size())
                                   : found(*written);
        problems_.add(written->problem(fmt::format("'{}' is {}; expected {}", path, is, expected)));
        return;
    }
    std::vector<std::int64_t> read;
    for (std::size_t i = 0; i < written->items.size(); ++i) {
        const auto number =
            integer_at(written->items[i], fmt::format("{}.{}", path, i), range, to_string(range));
        if (number) read.push_back(*number);
    }
    if (read.size() == written->items.size()) values = read;
}

void YamlReader::extent(const Key& key, Extent2d& value, IntegerRange range) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    const std::string path = path_of(key.name);
    const std::string expected = to_string(range) + ", or two of them as [height, width]";
    if (written->kind != Kind::list) {
        if (const auto both = integer_at(*written, path, range, expected)) {
            value = {static_cast<int>(*both), static_cast<int>(*both)};
        }
        return;
    }
    if (written->items.size() != 2) {
        problems_.add(written->problem(
            fmt::format("'{}' is a list of {}; expected {}", path, written->items.size(), expected)));
        return;
    }
    const auto height = integer_at(written->items[0], path + ".0", range, to_string(range));
    const auto width = integer_at(written->items[1], path + ".1", range, to_string(range));
    if (height && width) value = {static_cast<int>(*height), static_cast<int>(*width)};
}

void YamlReader::block(const Key& key, const Section& section) {
    if (const YamlValue* written = take(key)) read_section(*written, path_of(key.name), section);
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

void YamlReader::whole_number(const Key& key, std::int64_t& value, IntegerRange range,
                              const std::optional<Choice<std::int64_t>>& word) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    if (word && written->kind == Kind::scalar && written->text == word->word) {
        value = word->value;
        return;
    }
    std::string expected = to_string(range);
    if (word) expected += fmt::format(", or {}", word->word);
    value = integer_at(*written, path_of(key.name), range, expected).value_or(value);
}

void YamlReader::word(const Key& key, std::size_t& chosen, const std::vector<Word>& words) {
    if (const YamlValue* written = take(key))
        chosen = word_at(*written, path_of(key.name), words).value_or(chosen);
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
