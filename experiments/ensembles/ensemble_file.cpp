// SPDX-License-Identifier: MIT
#include "experiments/ensembles/ensemble_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "experiments/config/read_experiment.h"
#include "experiments/config/resolved_yaml.h"
#include "experiments/config/yaml_value.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/nearest_name.h"
#include "experiments/studies/study_file.h"
#include "experiments/studies/variant_list.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

using Kind = YamlValue::Kind;

const std::vector<std::string> kKeys = {"ensemble", "base", "members"};

class EnsembleReader {
 public:
    EnsembleReader(const fs::path& file, const std::vector<std::string>& overrides)
        : file_(file), overrides_(overrides) {}

    EnsemblePlan read() {
        EnsemblePlan plan;
        plan.file = file_;
        plan.text = read_file(file_);
        const auto root = parse_yaml(plan.text, file_.string(), problems_);
        if (!root || root->kind != Kind::map) problems_.throw_if_any(ExitCode::usage);
        root_ = &*root;
        for (const auto& entry : root_->entries) {
            if (std::ranges::find(kKeys, entry.key) == kKeys.end())
                problems_.add(entry.problem(fmt::format("unknown key '{}' in an ensemble{}", entry.key,
                                                        did_you_mean(entry.key, kKeys))));
        }
        plan.name = text_at("ensemble");
        base_ = text_at("base");
        const YamlEntry* members = root_->find("members");
        if (members == nullptr || members->value.kind != Kind::list || members->value.items.size() < 2) {
            problems_.add(
                root_->problem("an ensemble needs 'members': a list of two or more, such as "
                               "'- small: {base: small.yaml}'"));
            problems_.throw_if_any(ExitCode::usage);
        }
        for (const auto& item : members->value.items) add_member(plan, item);
        problems_.throw_if_any(ExitCode::usage);
        for (std::size_t i = 1; i < plan.members.size(); ++i)
            require_alike(plan.members.front(), plan.members[i], members->value.items[i]);
        problems_.throw_if_any(ExitCode::usage);
        return plan;
    }

 private:
    std::string text_at(const std::string& key) {
        const YamlEntry* entry = root_->find(key);
        if (entry == nullptr) return {};
        if (entry->value.kind == Kind::scalar && !entry->value.text.empty()) return entry->value.text;
        problems_.add(
            entry->problem(fmt::format("'{}' is {}; expected a text", key, described(entry->value))));
        return {};
    }

    // `name`, or `name: {base: FILE, key: value, ...}`
    void add_member(EnsemblePlan& plan, const YamlValue& item) {
        if (item.kind == Kind::scalar) return add_member(plan, item, item.text, {});
        if (item.kind != Kind::map || item.entries.size() != 1 || item.entries[0].value.kind != Kind::map) {
            problems_.add(
                item.problem(fmt::format("a member is a name with its base and what it changes, such as "
                                         "'small: {{base: small.yaml, seed: 7}}', not {}",
                                         described(item))));
            return;
        }
        add_member(plan, item, item.entries[0].key, item.entries[0].value.entries);
    }

    void add_member(EnsemblePlan& plan, const YamlValue& item, const std::string& name,
                    const std::vector<YamlEntry>& changes) {
        EnsembleMember read{.name = name, .folder = folder_name(name), .config = {}};
        if (!folders_.insert(read.folder).second) {
            problems_.add(item.problem(fmt::format("two members are called '{}'", read.name)));
            return;
        }
        std::string base = base_;
        std::vector<std::string> set;
        for (const auto& entry : changes) {
            if (entry.key == "base") {
                base = entry.value.text;
            } else {
                set.push_back(fmt::format("{}={}", entry.key, inline_yaml(entry.value)));
            }
        }
        if (base.empty()) {
            problems_.add(item.problem(fmt::format(
                "member '{}' has no 'base', and neither has the ensemble: name an experiment file",
                read.name)));
            return;
        }
        set.insert(set.end(), overrides_.begin(), overrides_.end());
        try {
            read.config = read_experiment(file_.parent_path() / base, set);
            read.config.name = read.folder;
            read.config.text = resolved_yaml(read.config);
            plan.members.push_back(std::move(read));
        } catch (const UserError& error) {
            for (auto diagnostic : error.diagnostics()) place(std::move(diagnostic), changes);
        }
    }

    // A mistake in a change is one of the ensemble's file, where it stands.
    void place(Diagnostic diagnostic, const std::vector<YamlEntry>& changes) {
        for (const auto& entry : changes) {
            if (diagnostic.file == fmt::format("--set {}={}", entry.key, inline_yaml(entry.value)))
                diagnostic = entry.value.problem(diagnostic.message);
        }
        if (seen_.insert(to_string(diagnostic)).second) problems_.add(std::move(diagnostic));
    }

    // What could be known only when all members have trained is asked for again then (average.h).
    void require_alike(const EnsembleMember& first, const EnsembleMember& other, const YamlValue& place) {
        const auto differ = [&](std::string_view key, const auto& a, const auto& b) {
            problems_.add(place.problem(
                fmt::format("the members of an ensemble must agree in '{}': '{}' has {}, '{}' has {}", key,
                            first.name, a, other.name, b)));
        };
        const ExperimentConfig& a = first.config;
        const ExperimentConfig& b = other.config;
        if (a.data.classes != b.data.classes)
            differ("data.classes", fmt::format("{}", fmt::join(a.data.classes, ", ")),
                   fmt::format("{}", fmt::join(b.data.classes, ", ")));
        if (a.data.labels != b.data.labels)
            differ("data.labels", a.data.labels.string(), b.data.labels.string());
        if (a.data.audio != b.data.audio) differ("data.audio", a.data.audio.string(), b.data.audio.string());
        if (a.runs != b.runs) differ("runs", a.runs, b.runs);
        if (a.split.seeds != b.split.seeds)
            differ("split.seeds", fmt::format("{}", fmt::join(a.split.seeds, ", ")),
                   fmt::format("{}", fmt::join(b.split.seeds, ", ")));
        if (a.split.folds != b.split.folds)
            differ("split.folds", fmt::format("{}", fmt::join(a.split.folds, ", ")),
                   fmt::format("{}", fmt::join(b.split.folds, ", ")));
    }

    fs::path file_;
    const std::vector<std::string>& overrides_;
    const YamlValue* root_ = nullptr;
    std::string base_;
    Problems problems_;
    std::set<std::string> folders_;
    std::set<std::string> seen_;
};

}  // namespace

bool is_ensemble_file(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return false;
    try {
        Problems ignored;
        const std::string text = read_file(file);
        const auto root = parse_yaml(text, file.string(), ignored);
        return root && root->kind == Kind::map && root->find("ensemble") != nullptr;
    } catch (const UserError&) {
        return false;
    }
}

EnsemblePlan read_ensemble(const fs::path& file, const std::vector<std::string>& overrides) {
    return EnsembleReader(file, overrides).read();
}

}  // namespace kickdrum
