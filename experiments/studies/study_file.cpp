// SPDX-License-Identifier: MIT
#include "experiments/studies/study_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "experiments/config/read_experiment.h"
#include "experiments/config/resolved_yaml.h"
#include "experiments/config/yaml_value.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/nearest_name.h"
#include "experiments/studies/variant_list.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

using Kind = YamlValue::Kind;

const std::vector<std::string> kKeys = {"study",         "base",     "runs", "seed",   "split_seeds",
                                        "parallel_runs", "variants", "grid", "random", "halving"};

std::optional<YamlValue> parse(const fs::path& file, std::string& text, Problems& problems) {
    text = read_file(file);
    return parse_yaml(text, file.string(), problems);
}

class StudyReader {
 public:
    StudyReader(const fs::path& file, const std::vector<std::string>& overrides)
        : file_(file), overrides_(overrides) {}

    StudyPlan read() {
        StudyPlan plan;
        plan.file = file_;
        const auto root = parse(file_, plan.text, problems_);
        if (!root || root->kind != Kind::map) problems_.throw_if_any(ExitCode::usage);
        root_ = &*root;
        check_keys();
        plan.name = text_at("study", true);
        const std::string base = text_at("base", true);
        read_halving(plan.halving);
        problems_.throw_if_any(ExitCode::usage);

        const std::vector<VariantSpec> specs = list_variants(*root_, problems_);
        problems_.throw_if_any(ExitCode::usage);
        for (const auto& spec : specs) add_variant(plan, spec, spec.base.empty() ? base : spec.base);
        problems_.throw_if_any(ExitCode::usage);
        return plan;
    }

 private:
    void check_keys() {
        for (const auto& entry : root_->entries) {
            if (std::ranges::find(kKeys, entry.key) != kKeys.end()) continue;
            problems_.add(entry.problem(
                fmt::format("unknown key '{}' in a study{}", entry.key, did_you_mean(entry.key, kKeys))));
        }
    }

    std::string text_at(const std::string& key, bool required) {
        const YamlEntry* entry = root_->find(key);
        if (entry != nullptr && entry->value.kind == Kind::scalar && !entry->value.text.empty())
            return entry->value.text;
        if (entry != nullptr) {
            problems_.add(
                entry->problem(fmt::format("'{}' is {}; expected a text", key, described(entry->value))));
        } else if (required) {
            problems_.add(root_->problem(
                fmt::format("'{}' is missing ({})", key,
                            key == "base" ? "the experiment file that the variants change" : "its name")));
        }
        return {};
    }

    void read_halving(Halving& halving) {
        const YamlEntry* entry = root_->find("halving");
        if (entry == nullptr) return;
        const auto wrong = [&](const YamlValue& place, const std::string& message) {
            problems_.add(place.problem(message));
        };
        if (entry->value.kind != Kind::map) return wrong(entry->value, "'halving' is a block of keys");
        for (const auto& [key, line, column, value] : entry->value.entries) {
            if (key == "epochs" && value.kind == Kind::list) {
                for (const auto& item : value.items) halving.epochs.push_back(number<int>(item, 0));
            } else if (key == "epochs") {
                halving.epochs = {number<int>(value, 0)};
            } else if (key == "keep") {
                halving.keep = number<double>(value, 0);
            } else if (key == "runs") {
                halving.runs = number<int>(value, 0);
            } else {
                wrong(value, fmt::format("unknown key '{}' in 'halving'; it has epochs, keep and runs", key));
            }
        }
        const bool rounds = !halving.epochs.empty() &&
                            std::ranges::all_of(halving.epochs, [](int epochs) { return epochs > 0; });
        if (!rounds) wrong(entry->value, "'halving.epochs' is the epochs of each round, such as [5, 15]");
        if (!(halving.keep > 0 && halving.keep < 1)) {
            wrong(entry->value, "'halving.keep' is the share of variants that stays, above 0 and below 1");
        }
        if (halving.runs < 1) wrong(entry->value, "'halving.runs' is a whole number of at least 1");
    }

    template <class Number>
    static Number number(const YamlValue& value, Number otherwise) {
        Number parsed{};
        const char* end = value.text.data() + value.text.size();
        const auto result = std::from_chars(value.text.data(), end, parsed);
        return value.kind == Kind::scalar && result.ec == std::errc{} && result.ptr == end ? parsed
                                                                                           : otherwise;
    }

    // What the study says for all its variants, as overrides.
    std::vector<std::string> shared() {
        std::vector<std::string> all;
        for (const auto* key : {"runs", "seed", "parallel_runs"}) {
            if (const YamlEntry* entry = root_->find(key))
                all.push_back(fmt::format("{}={}", key, inline_yaml(entry->value)));
        }
        return all;
    }

    // Seeds of the splits in turn, one per run, so that several runs may share one.
    std::vector<std::string> split_seeds(int runs) {
        const YamlEntry* entry = root_->find("split_seeds");
        if (entry == nullptr) return {};
        const auto& items = entry->value.items;
        if (entry->value.kind != Kind::list || items.empty()) {
            problems_.add(entry->problem("'split_seeds' is a list of seeds, such as [42, 43, 44]"));
            return {};
        }
        if (items.size() == 1) {
            return {"split.seeds=null", "split.seed=" + inline_yaml(items[0])};
        }
        std::string seeds;
        for (int run = 0; run < runs; ++run) {
            seeds +=
                (run == 0 ? "" : ", ") + inline_yaml(items[static_cast<std::size_t>(run) % items.size()]);
        }
        return {"split.seed=null", fmt::format("split.seeds=[{}]", seeds)};
    }

    void add_variant(StudyPlan& plan, const VariantSpec& spec, const std::string& base) {
        Variant variant{.name = spec.name, .folder = folder_name(spec.name), .set = {}, .config = {}};
        if (!names_.insert(variant.name).second) {
            problems_.add({.message = fmt::format("two variants are called '{}'", variant.name),
                           .file = file_.string()});
            return;
        }
        for (int copy = 2; !folders_.insert(variant.folder).second; ++copy)
            variant.folder = fmt::format("{}-{}", folder_name(spec.name), copy);
        for (const auto& change : spec.changes) variant.set.push_back(change.key + '=' + change.value);
        if (!spec.ensemble.empty()) return add_ensemble(plan, spec, std::move(variant));
        try {
            const fs::path file = file_.parent_path() / base;
            std::vector<std::string> all = shared();
            if (root_->find("split_seeds") != nullptr) {
                const int runs = runs_of(file, all);
                for (auto& one : split_seeds(runs)) all.push_back(std::move(one));
            }
            all.insert(all.end(), variant.set.begin(), variant.set.end());
            all.insert(all.end(), overrides_.begin(), overrides_.end());
            variant.config = read_experiment(file, all);
            variant.config.name = variant.folder;
            variant.config.text = resolved_yaml(variant.config);
            plan.variants.push_back(std::move(variant));
        } catch (const UserError& error) {
            for (auto diagnostic : error.diagnostics()) place(diagnostic, spec);
        }
    }

    // Runs, seeds and splits are those of its members.
    void add_ensemble(StudyPlan& plan, const VariantSpec& spec, Variant variant) {
        if (!plan.halving.epochs.empty())
            problems_.add(spec.place->problem("an ensemble of variants and 'halving' don't go together"));
        std::vector<std::string> names;
        for (const auto& one : plan.variants) names.push_back(one.name);
        for (const auto& name : spec.ensemble) {
            const Variant* member = plan.find(name);
            if (member == nullptr || !member->ensemble.empty()) {
                problems_.add(spec.place->problem(
                    fmt::format("the ensemble '{}' names '{}', which is no variant that trains before it{}",
                                spec.name, name, did_you_mean(name, names))));
                return;
            }
            if (variant.ensemble.empty()) variant.config = member->config;
            variant.ensemble.push_back(name);
        }
        variant.set = {fmt::format("ensemble=[{}]", fmt::join(spec.ensemble, ", "))};
        variant.config.name = variant.folder;
        variant.config.text = resolved_yaml(variant.config);
        plan.variants.push_back(std::move(variant));
    }

    // The number of runs, before the splits are known.
    int runs_of(const fs::path& file, std::vector<std::string> all) const {
        all.emplace_back("split.seeds=null");
        all.emplace_back("split.seed=0");
        all.insert(all.end(), overrides_.begin(), overrides_.end());
        return read_experiment(file, all).runs;
    }

    // A mistake in a change is one of the study file, where it stands. Those that every variant has come
    // once.
    void place(Diagnostic diagnostic, const VariantSpec& spec) {
        for (const auto& change : spec.changes) {
            if (diagnostic.file != fmt::format("--set {}={}", change.key, change.value)) continue;
            diagnostic = change.place->problem(diagnostic.message);
        }
        for (const auto& entry : root_->entries) {
            if (diagnostic.file == fmt::format("--set {}={}", entry.key, inline_yaml(entry.value)))
                diagnostic = entry.problem(diagnostic.message);
        }
        if (seen_.insert(to_string(diagnostic)).second) problems_.add(diagnostic);
    }

    fs::path file_;
    const std::vector<std::string>& overrides_;
    const YamlValue* root_ = nullptr;
    Problems problems_;
    std::set<std::string> names_;
    std::set<std::string> folders_;
    std::set<std::string> seen_;
};

}  // namespace

const std::vector<std::string>& study_keys() {
    return kKeys;
}

std::string folder_name(const std::string& name) {
    std::string folder;
    for (const char c : name) {
        const bool usable = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '.' || c == '_' || c == '-';
        if (usable) {
            folder += c;
        } else if (!folder.empty() && folder.back() != '-') {
            folder += '-';
        }
    }
    while (!folder.empty() && folder.back() == '-') folder.pop_back();
    folder.erase(0, folder.find_first_not_of(".-"));
    constexpr std::size_t kLongest = 60;
    folder.resize(std::min(folder.size(), kLongest));
    return folder.empty() ? "variant" : folder;
}

bool is_study_file(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return false;
    try {
        Problems ignored;
        std::string text;
        const auto root = parse(file, text, ignored);
        return root && root->kind == Kind::map && root->find("study") != nullptr;
    } catch (const UserError&) {
        return false;
    }
}

int StudyPlan::runs() const {
    int runs = 0;
    for (const auto& variant : variants) runs += variant.ensemble.empty() ? variant.config.runs : 0;
    return runs;
}

const Variant* StudyPlan::find(const std::string& variant) const {
    const auto found = std::ranges::find(variants, variant, &Variant::name);
    return found == variants.end() ? nullptr : &*found;
}

StudyPlan read_study(const fs::path& file, const std::vector<std::string>& overrides) {
    return StudyReader(file, overrides).read();
}

}  // namespace kickdrum
