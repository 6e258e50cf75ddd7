// SPDX-License-Identifier: MIT
// The keys of the experiment file, described once: each block of the file is a function that names its keys
// to a `Fields`, with type, range and meaning. What is done with them depends on which Fields it is: the file
// is read (yaml_reader.h), the configuration is written (resolved_yaml.cpp), or the schema is built
// (schema.cpp). So the three can't disagree.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/ranges.h"
#include "nn/model/model_spec.h"

namespace kickdrum {

class Fields;
using Section = std::function<void(Fields&)>;

struct Key {
    std::string_view name;
    std::string_view meaning;  // a phrase, for the schema and for "is missing"
    bool required = false;
    bool derived = false;  // its default follows from other keys
};

// A word that stands for a value.
template <class T>
struct Choice {
    std::string_view word;
    T value;
};
struct Word {
    std::string_view word;
};

// One of several kinds, each with options of its own: `flatten`, or `dropout: {rate: 0.5}`.
struct Alternative {
    std::string_view name;
    std::string_view meaning;
    std::function<void()> select;     // makes the value this kind, with its defaults
    Section options;                  // names the options of this kind
    std::string_view short_option{};  // the option that `name: value` alone sets
};

class Fields {
 public:
    Fields() = default;
    virtual ~Fields() = default;
    Fields(const Fields&) = delete;
    Fields& operator=(const Fields&) = delete;

    template <std::integral T>
    void integer(const Key& key, T& value, IntegerRange range) {
        auto wide = static_cast<std::int64_t>(value);
        whole_number(key, wide, range, {});
        value = static_cast<T>(wide);
    }
    // `word` stands for `word_value`, which lies outside of the range.
    template <std::integral T>
    void integer_or_word(const Key& key, T& value, IntegerRange range, std::string_view word, T word_value) {
        auto wide = static_cast<std::int64_t>(value);
        whole_number(key, wide, range, Choice<std::int64_t>{.word = word, .value = word_value});
        value = static_cast<T>(wide);
    }
    template <class T>
    void choice(const Key& key, T& value, const std::vector<Choice<T>>& choices) {
        std::vector<Word> listed;
        std::size_t chosen = 0;
        for (const auto& one : choices) {
            if (one.value == value) chosen = listed.size();
            listed.push_back({one.word});
        }
        word(key, chosen, listed);
        value = choices.at(chosen).value;
    }
    // A block that may be left out: `none`, or its options.
    template <class T>
    void optional_block(const Key& key, std::optional<T>& value,
                        const std::function<void(Fields&, T&)>& options) {
        const auto set = [&](bool present) {
            if (present) {
                value.emplace();
            } else {
                value.reset();
            }
        };
        block_or_none(key, value.has_value(), set, [&](Fields& fields) { options(fields, *value); });
    }

    virtual void number(const Key& key, double& value, NumberRange range) = 0;
    virtual void number_or_none(const Key& key, std::optional<double>& value, NumberRange range) = 0;
    virtual void boolean(const Key& key, bool& value) = 0;
    virtual void text(const Key& key, std::string& value) = 0;
    // Keys without a default that may be left out.
    virtual void optional_text(const Key& key, std::optional<std::string>& value) = 0;
    virtual void optional_integer(const Key& key, std::optional<std::int64_t>& value, IntegerRange range) = 0;
    // Lists. An empty one is written as nothing.
    virtual void texts(const Key& key, std::vector<std::string>& values) = 0;
    virtual void integers(const Key& key, std::vector<std::int64_t>& values, IntegerRange range,
                          std::optional<std::size_t> length = {}) = 0;
    virtual void numbers(const Key& key, std::vector<double>& values, NumberRange range) = 0;
    // One number for both, or [height, width].
    virtual void extent(const Key& key, Extent2d& value, IntegerRange range) = 0;
    virtual void block(const Key& key, const Section& section) = 0;
    // A block whose keys are names of the user's, with a block each; `names`: those that there are.
    using NamedSection = std::function<void(Fields& fields, const std::string& name)>;
    virtual void named_blocks(const Key& key, const std::vector<std::string>& names,
                              const NamedSection& section) = 0;
    // `current`: the name of the alternative that the value is.
    virtual void one_of(const Key& key, std::string_view current,
                        const std::vector<Alternative>& alternatives) = 0;
    // A list of layers, with blocks of layers in it.
    virtual void layers(const Key& key, std::vector<LayerSpec>& layers) = 0;
    // One of the words, or a block of numbers by name.
    virtual void word_or_numbers(const Key& key, std::size_t& chosen, const std::vector<Word>& words,
                                 std::map<std::string, double>& numbers, NumberRange range) = 0;
    // All keys of the block that are left, which must be among `names`.
    virtual void other_numbers(const std::vector<std::string>& names, std::string_view meaning,
                               std::map<std::string, double>& numbers) = 0;

 protected:
    virtual void whole_number(const Key& key, std::int64_t& value, IntegerRange range,
                              const std::optional<Choice<std::int64_t>>& word) = 0;
    virtual void word(const Key& key, std::size_t& chosen, const std::vector<Word>& words) = 0;
    virtual void block_or_none(const Key& key, bool present, const std::function<void(bool)>& set,
                               const Section& options) = 0;
};

}  // namespace kickdrum
