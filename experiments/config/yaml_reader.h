// SPDX-License-Identifier: MIT
// Reads the keys of a YAML block into values. Every mistake (unknown key, wrong type, out of range, missing)
// goes to `problems` with its place and its path ("training.optimizer.adam.beta_1"); the value then keeps its
// default.
#pragma once

#include "experiments/config/fields.h"
#include "experiments/config/yaml_value.h"

namespace kickdrum {

class YamlReader : public Fields {
 public:
    // `block` is a map and outlives the reader. `path`: empty for the whole file.
    YamlReader(const YamlValue& block, std::string path, Problems& problems);

    // Reports the keys that nobody asked for. To be called at the end.
    void finish();

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
    // The value of a key; nullptr where it is left out (which is reported if it is required) or has no value.
    const YamlValue* take(const Key& key);
    std::string path_of(std::string_view key) const;
    void complain(const YamlValue& value, const std::string& path, const std::string& expected);
    void read_section(const YamlValue& value, const std::string& path, const Section& section);
    void choose(const YamlValue& value, const std::string& path, std::string_view noun,
                const std::vector<Alternative>& alternatives);
    std::optional<double> number_at(const YamlValue& value, const std::string& path, NumberRange range);
    std::optional<std::int64_t> integer_at(const YamlValue& value, const std::string& path,
                                           IntegerRange range, const std::string& expected);
    std::optional<std::string> text_at(const YamlValue& value, const std::string& path);
    std::optional<std::size_t> word_at(const YamlValue& value, const std::string& path,
                                       const std::vector<Word>& words, std::string_view or_else = {});

    const YamlValue& block_;
    std::string path_;
    Problems& problems_;
    std::vector<std::string> asked_;
};

}  // namespace kickdrum
