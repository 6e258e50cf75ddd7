// SPDX-License-Identifier: MIT
#include "experiments/studies/variant_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "experiments/nearest_name.h"
#include "kernels/device/philox.h"

namespace kickdrum {
namespace {

using Kind = YamlValue::Kind;

constexpr std::size_t kMostVariants = 10'000;

template <class Number>
std::optional<Number> number(const YamlValue& value) {
    if (value.kind != Kind::scalar || value.quoted) return std::nullopt;
    Number parsed{};
    const char* end = value.text.data() + value.text.size();
    const auto result = std::from_chars(value.text.data(), end, parsed);
    if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return parsed;
}

// The end of a path that says enough: "n_mels", but "7.units" of a list's element.
std::string short_key(const std::string& key) {
    const std::size_t dot = key.rfind('.');
    if (dot == std::string::npos) return key;
    const std::size_t before = key.rfind('.', dot - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    const bool numbered = key.find_first_not_of("0123456789", begin) == dot;
    return key.substr(numbered ? begin : dot + 1);
}

std::string label(const Change& change) {
    return fmt::format("{}={}", short_key(change.key), change.value);
}

std::string joined(const std::string& name, const std::string& more) {
    return name.empty() ? more : name + ", " + more;
}

// Keys that all variants share.
bool is_shared(const std::string& key) {
    return key == "name" || key == "runs" || key == "seed" || key == "parallel_runs" || key == "split.seed" ||
           key == "split.seeds";
}

bool check_key(const YamlEntry& entry, Problems& problems) {
    if (!is_shared(entry.key)) return true;
    problems.add(
        entry.problem(fmt::format("'{}' is the same for all variants, so that they can be compared; "
                                  "it is a key of the study itself",
                                  entry.key)));
    return false;
}

class VariantLister {
 public:
    VariantLister(const YamlValue& root, Problems& problems) : root_(root), problems_(problems) {}

    std::vector<VariantSpec> list() {
        std::vector<VariantSpec> variants = listed();
        const YamlEntry* grid = root_.find("grid");
        const YamlEntry* random = root_.find("random");
        if (grid != nullptr && random != nullptr) {
            problems_.add(random->problem("'grid' and 'random' are both given; leave one of them out"));
        } else if (grid != nullptr) {
            variants = crossed(variants, grid_points(*grid));
        } else if (random != nullptr) {
            variants = crossed(variants, draws(*random));
        }
        for (auto& variant : variants) {
            if (variant.name.empty()) variant.name = "base";
            if (variant.ensemble.empty() || (grid == nullptr && random == nullptr)) continue;
            problems_.add(variant.place->problem(
                "an ensemble names variants of the list, and can't be crossed with 'grid' or 'random'"));
            break;
        }
        return variants;
    }

 private:
    using Changes = std::vector<Change>;

    std::vector<VariantSpec> listed() {
        const YamlEntry* entry = root_.find("variants");
        if (entry == nullptr) return {VariantSpec{}};
        std::vector<VariantSpec> variants;
        if (entry->value.kind == Kind::list) {
            for (const auto& item : entry->value.items) variants.push_back(one(item));
        }
        if (variants.empty()) {
            problems_.add(
                entry->problem("'variants' is a list of names with what they change, such as '- small: "
                               "{model.7.dense.units: "
                               "64}'"));
            return {VariantSpec{}};
        }
        return variants;
    }

    // `name`, `name: {key: value}`, or `{key: value, key: value}`, which is named by what it changes.
    VariantSpec one(const YamlValue& item) {
        VariantSpec variant;
        variant.place = &item;
        if (item.kind == Kind::scalar) {
            variant.name = item.text;
            return variant;
        }
        if (item.kind != Kind::map || item.entries.empty()) {
            problems_.add(
                item.problem(fmt::format("a variant is a name with what it changes, such as 'small: "
                                         "{{model.7.dense.units: 64}}', not {}",
                                         described(item))));
            return variant;
        }
        const YamlEntry& first = item.entries.front();
        const bool named = item.entries.size() == 1 &&
                           (first.value.kind == Kind::map || first.value.kind == Kind::null) &&
                           first.key.find('.') == std::string::npos;
        if (named) variant.name = first.key;
        for (const auto& entry : named ? first.value.entries : item.entries) {
            if (entry.key == "base" && entry.value.kind == Kind::scalar) {
                variant.base = entry.value.text;
            } else if (entry.key == "ensemble") {
                ensemble(entry, variant);
            } else if (check_key(entry, problems_)) {
                variant.changes.push_back({entry.key, inline_yaml(entry.value), &entry.value});
            }
        }
        if (!variant.ensemble.empty() && (!named || !variant.changes.empty() || !variant.base.empty())) {
            problems_.add(
                item.problem("an ensemble of variants is a name with the variants and nothing else, such "
                             "as '- both: {ensemble: [small, large]}'"));
        }
        if (!named) {
            for (const auto& change : variant.changes) variant.name = joined(variant.name, label(change));
        }
        return variant;
    }

    void ensemble(const YamlEntry& entry, VariantSpec& variant) {
        for (const auto& item : entry.value.items) variant.ensemble.push_back(item.text);
        if (entry.value.kind == Kind::list && entry.value.items.size() >= 2) return;
        problems_.add(entry.problem("'ensemble' is a list of two or more variants, such as [small, large]"));
    }

    std::vector<VariantSpec> crossed(const std::vector<VariantSpec>& variants,
                                     const std::vector<Changes>& points) {
        std::vector<VariantSpec> all;
        for (const auto& variant : variants) {
            for (const auto& point : points) {
                VariantSpec& both = all.emplace_back(variant);
                for (const auto& change : point) {
                    both.changes.push_back(change);
                    both.name = joined(both.name, label(change));
                }
            }
        }
        return all;
    }

    std::vector<Changes> grid_points(const YamlEntry& grid) {
        std::vector<Changes> points{{}};
        if (grid.value.kind != Kind::map) {
            problems_.add(grid.problem("'grid' is a block of keys with lists of values"));
            return points;
        }
        for (const auto& entry : grid.value.entries) {
            if (!check_key(entry, problems_)) continue;
            if (entry.value.kind != Kind::list || entry.value.items.empty()) {
                problems_.add(entry.problem(fmt::format("'grid.{}' is {}; expected a list of values",
                                                        entry.key, described(entry.value))));
                continue;
            }
            if (points.size() * entry.value.items.size() > kMostVariants) {
                problems_.add(entry.problem(fmt::format(
                    "the grid has more than {} points; try 'random' with a budget", kMostVariants)));
                return points;
            }
            std::vector<Changes> longer;
            for (const auto& point : points) {
                for (const auto& item : entry.value.items) {
                    longer.push_back(point);
                    longer.back().push_back({entry.key, inline_yaml(item), &item});
                }
            }
            points = std::move(longer);
        }
        return points;
    }

    std::vector<Changes> draws(const YamlEntry& random) {
        std::int64_t budget = 0;
        std::int64_t seed = 0;
        std::vector<const YamlEntry*> keys;
        if (random.value.kind != Kind::map) {
            problems_.add(
                random.problem("'random' is a block with 'budget' and keys with what to draw from"));
            return {{}};
        }
        for (const auto& entry : random.value.entries) {
            if (entry.key == "budget") {
                budget = number<std::int64_t>(entry.value).value_or(0);
            } else if (entry.key == "seed") {
                seed = number<std::int64_t>(entry.value).value_or(-1);
            } else if (check_key(entry, problems_)) {
                keys.push_back(&entry);
            }
        }
        if (budget < 1 || budget > static_cast<std::int64_t>(kMostVariants) || seed < 0) {
            problems_.add(random.problem(fmt::format(
                "'random' needs 'budget', how many variants to draw (1 to {}), and may have 'seed', a "
                "whole number of at least 0",
                kMostVariants)));
            return {{}};
        }
        std::vector<Changes> all(static_cast<std::size_t>(budget));
        for (const auto* entry : keys) draw(*entry, static_cast<std::uint64_t>(seed), all);
        return all;
    }

    // A list to choose from, or {uniform: [low, high]}, {log_uniform: ...}, {integer: ...}.
    void draw(const YamlEntry& entry, std::uint64_t seed, std::vector<Changes>& all) {
        const RandomStream stream = random_stream(seed, "study/" + entry.key);
        const auto bits = [&](std::size_t i) { return philox(stream, i)[0]; };
        if (entry.value.kind == Kind::list && !entry.value.items.empty()) {
            const auto& items = entry.value.items;
            for (std::size_t i = 0; i < all.size(); ++i) {
                const YamlValue& item =
                    items[uniform_below(bits(i), static_cast<std::uint32_t>(items.size()))];
                all[i].push_back({entry.key, inline_yaml(item), &item});
            }
            return;
        }
        const bool map = entry.value.kind == Kind::map && entry.value.entries.size() == 1;
        const std::string kind = map ? entry.value.entries[0].key : "";
        const bool known = kind == "uniform" || kind == "log_uniform" || kind == "integer";
        const YamlValue* range = map ? &entry.value.entries[0].value : nullptr;
        std::optional<double> low;
        std::optional<double> high;
        if (known && range->kind == Kind::list && range->items.size() == 2) {
            low = number<double>(range->items[0]);
            high = number<double>(range->items[1]);
        }
        if (!low || !high || !(*low < *high) || (kind == "log_uniform" && *low <= 0)) {
            problems_.add(
                entry.problem(fmt::format("'random.{}' is a list to choose from, or one of {{uniform: [low, "
                                          "high]}}, {{log_uniform: [low, "
                                          "high]}} and {{integer: [low, high]}}",
                                          entry.key)));
            return;
        }
        for (std::size_t i = 0; i < all.size(); ++i) {
            const double u = static_cast<double>(uniform01(bits(i)));
            std::string text;
            if (kind == "integer") {
                text = fmt::format("{:.0f}", std::min(*high, *low + std::floor(u * (*high - *low + 1))));
            } else if (kind == "uniform") {
                text = fmt::format("{:.4g}", *low + u * (*high - *low));
            } else {
                text = fmt::format("{:.4g}", *low * std::pow(*high / *low, u));
            }
            all[i].push_back({entry.key, text, &entry.value});
        }
    }

    const YamlValue& root_;
    Problems& problems_;
};

}  // namespace

std::vector<VariantSpec> list_variants(const YamlValue& root, Problems& problems) {
    return VariantLister(root, problems).list();
}

std::string inline_yaml(const YamlValue& value) {
    std::string text;
    switch (value.kind) {
        case Kind::null: return "null";
        case Kind::scalar:
            if (!value.quoted) return value.text;
            for (const char c : value.text) text += c == '\'' ? std::string("''") : std::string(1, c);
            return "'" + text + "'";
        case Kind::list:
            for (const auto& item : value.items) text += (text.empty() ? "" : ", ") + inline_yaml(item);
            return "[" + text + "]";
        case Kind::map:
            for (const auto& entry : value.entries)
                text +=
                    fmt::format("{}{}: {}", text.empty() ? "" : ", ", entry.key, inline_yaml(entry.value));
            return "{" + text + "}";
    }
    return text;
}

}  // namespace kickdrum
