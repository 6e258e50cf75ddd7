// SPDX-License-Identifier: MIT
// Writes the values of a configuration as a YAML tree, key by key.
#pragma once

#include "experiments/config/fields.h"
#include "experiments/config/yaml_value.h"

namespace kickdrum {

class YamlBuilder : public Fields {
 public:
    // Adds the keys to `block`, a map that outlives the builder.
    explicit YamlBuilder(YamlValue& block) : block_(block) {}

    void number(const Key& key, double& value, NumberRange range) override;
    void number_or_none(const Key& key, std::optional<double>& value, NumberRange range) override;
    void boolean(const Key& key, bool& value) override;
    void text(const Key& key, std::string& value) override;
    void optional_text(const Key& key, std::optional<std::string>& value) override;
    void optional_integer(const Key& key, std::optional<std::int64_t>& value, IntegerRange range) override;
    void texts(const Key& key, std::vector<std::string>& values) override;
    void integers(const Key& key, std::vector<std::int64_t>& values, IntegerRange range,
                  std::optional<std::size_t> length) override;
    void numbers(const Key& key, std::vector<double>& values, NumberRange range) override;
    void extent(const Key& key, Extent2d& value, IntegerRange range) override;
    void block(const Key& key, const Section& section) override;
    void named_blocks(const Key& key, const std::vector<std::string>& names,
                      const NamedSection& section) override;
    void one_of(const Key& key, std::string_view current,
                const std::vector<Alternative>& alternatives) override;
    void layers(const Key& key, std::vector<LayerSpec>& layers) override;
    void word_or_numbers(const Key& key, std::size_t& chosen, const std::vector<Word>& words,
                         std::map<std::string, double>& numbers, NumberRange range) override;
    void other_numbers(const std::vector<std::string>& names, std::string_view meaning,
                       std::map<std::string, double>& numbers) override;

 protected:
    void whole_number(const Key& key, std::int64_t& value, IntegerRange range,
                      const std::optional<Choice<std::int64_t>>& word) override;
    void word(const Key& key, std::size_t& chosen, const std::vector<Word>& words) override;
    void block_or_none(const Key& key, bool present, const std::function<void(bool)>& set,
                       const Section& options) override;

 private:
    void add(std::string_view key, YamlValue value);

    YamlValue& block_;
};

}  // namespace kickdrum
