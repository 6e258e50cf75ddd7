// SPDX-License-Identifier: MIT
#include "experiments/config/yaml_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

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

}  // namespace

YamlReader::YamlReader(const YamlValue& block, std::string path, Problems& problems)
    : block_(block), path_(std::move(path)), problems_(problems) {}

std::string YamlReader::path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void YamlReader::complain(const YamlValue& value, const std::string& path, const std::string& expected) {
    problems_.add(value.problem(fmt::format("'{}' is {}; expected {}", path, described(value), expected)));
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
    if (it != names.end()) return static_cast<std::size_t>(it - names.begin());
    std::string expected = names.size() == 1 ? fmt::format("{}, the only one so far", names[0])
                                             : fmt::format("one of {}", fmt::join(names, ", "));
    if (!or_else.empty()) expected += fmt::format(" or {}", or_else);
    if (value.kind == Kind::scalar) expected += did_you_mean(value.text, names);
    complain(value, path, expected);
    return std::nullopt;
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
                                   : described(*written);
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

void YamlReader::numbers(const Key& key, std::vector<double>& values, NumberRange range) {
    const YamlValue* written = take(key);
    if (written == nullptr) return;
    const std::string path = path_of(key.name);
    if (written->kind != Kind::list || written->items.empty()) {
        complain(*written, path, "a list of numbers, like [0.1, 0.3]");
        return;
    }
    std::vector<double> read;
    for (std::size_t i = 0; i < written->items.size(); ++i) {
        if (const auto number = number_at(written->items[i], fmt::format("{}.{}", path, i), range))
            read.push_back(*number);
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

}  // namespace kickdrum
