// SPDX-License-Identifier: MIT
// The part of config_checks.h about baselines.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/baselines/parameters.h"
#include "experiments/config/complaints.h"
#include "experiments/config/config_checks.h"
#include "experiments/nearest_name.h"

namespace kickdrum {
namespace {

class BaselineChecks : Complaints {
 public:
    BaselineChecks(const YamlValue& root, ExperimentConfig& config, Problems& problems)
        : Complaints(root, problems), root_(root), config_(config), problems_(problems) {}

    void all() {
        const YamlValue* written = value_at(root_, "baselines");
        if (written == nullptr) {
            if (value_at(root_, "model") == nullptr)
                problems_.add(root_.problem("'model' is missing (the network: a list of layers)"));
            if (!config_.baseline.empty())
                complain({"baseline"}, "'baseline' chooses among 'baselines', and there are none");
            return;
        }
        for (const auto* key : {"features", "model", "training"}) {
            if (root_.find(key) == nullptr) continue;
            complain({key}, fmt::format("'{}' is about a network, but this experiment has 'baselines'; leave "
                                        "one of them out",
                                        key));
        }
        if (has_problem(*written, problems_)) return;
        for (auto& spec : config_.baselines) one(spec);
        choose();
    }

 private:
    static std::string path_of(const BaselineSpec& spec) { return "baselines." + spec.name; }

    void one(BaselineSpec& spec) {
        const auto usable = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                   c == '-';
        };
        if (!std::ranges::all_of(spec.name, usable) || spec.name.size() > 60) {
            complain({"baselines"},
                     fmt::format("'baselines' holds '{}'; a name has at most 60 letters, digits, '_' "
                                 "and '-'",
                                 spec.name));
            return;
        }
        stopping(spec);
        search(spec);
        if (spec.kind == BaselineKind::vote) vote(spec);
        if (spec.kind == BaselineKind::results) results(spec);
    }

    void stopping(const BaselineSpec& spec) {
        if (!spec.early_stopping) return;
        const std::string path = path_of(spec) + ".early_stopping";
        const bool on_test = spec.early_stopping->on == StoppingPart::test;
        if (!spec.boosted()) {
            complain({path}, fmt::format("'{}' is for boosting; {} has no rounds to stop", path,
                                         to_string(spec.kind)));
        } else if (on_test && !spec.leaky()) {
            complain({path}, fmt::format("'{}.on: test' lets the test part choose the model; only 'protocol: "
                                         "published' does so, and is marked as leaky; use val",
                                         path));
        } else if (!on_test && spec.leaky()) {
            complain(
                {path},
                fmt::format("'{}.on: val': the published protocol has no validation part; write test", path));
        }
    }

    void search(const BaselineSpec& spec) {
        if (!spec.search) return;
        const std::string path = path_of(spec) + ".search";
        if (parameters_of(spec.kind).empty()) {
            complain({path},
                     fmt::format("'{}' looks for parameters, and {} has none", path, to_string(spec.kind)));
        } else if (spec.search->grid.empty()) {
            complain({path}, fmt::format("'{}.grid' is empty; give values for one parameter at least", path));
        }
    }

    void vote(const BaselineSpec& spec) {
        const std::string path = path_of(spec) + ".model.vote";
        std::vector<std::string> names;
        for (const auto& other : config_.baselines) names.push_back(other.name);
        for (const auto& member : spec.vote.members) {
            const BaselineSpec* other = find_baseline(config_.baselines, member);
            if (other == nullptr) {
                const std::string hint = did_you_mean(member, names);
                complain({path}, fmt::format("'{}.members' holds '{}', which is no baseline of this file{}",
                                             path, member, hint.empty() ? "" : hint));
            } else if (other->kind == BaselineKind::vote) {
                complain({path},
                         fmt::format("'{}.members' holds '{}', which is itself a vote", path, member));
            } else if (other->leaky() != spec.leaky()) {
                complain({path},
                         fmt::format("'{}.members' holds '{}', whose protocol is {} and not {}: they are "
                                     "tested on other clips",
                                     path, member, to_string(other->protocol), to_string(spec.protocol)));
            }
        }
        if (!spec.vote.weights.empty() && spec.vote.weights.size() != spec.vote.members.size()) {
            complain({path}, fmt::format("'{}.weights' holds {} and 'members' {}; give one weight per member",
                                         path, spec.vote.weights.size(), spec.vote.members.size()));
        }
        if (!spec.vote.weights.empty() &&
            std::ranges::count(spec.vote.weights, 0) == std::ssize(spec.vote.weights))
            complain({path}, fmt::format("'{}.weights' are all 0", path));
        if (spec.vote.by_validation && spec.leaky()) {
            complain({path},
                     fmt::format("'{}.weights_by: validation': the published protocol has no validation "
                                 "part; use given",
                                 path));
        }
    }

    void results(BaselineSpec& spec) {
        spec.only_member = true;
        const std::string path = path_of(spec) + ".model";
        if (spec.results.folder.empty() == spec.results.variant.empty()) {
            complain({path}, fmt::format("'{}.results' needs either 'folder' or 'variant'", path));
        }
        if (spec.leaky())
            complain({path}, fmt::format("'{}.results' can't have 'protocol: published'", path));
    }

    // The one that runs, where there is no other or the file says so.
    void choose() {
        std::vector<std::string> listed;
        std::vector<std::string> names;
        for (const auto& spec : config_.baselines) {
            names.push_back(spec.name);
            if (!spec.only_member) listed.push_back(spec.name);
        }
        if (listed.empty())
            complain({"baselines"}, "'baselines' holds only members of votes; nothing would run");
        if (config_.baseline.empty() && listed.size() == 1) config_.baseline = listed.front();
        if (config_.baseline.empty()) return;
        const BaselineSpec* chosen = config_.chosen_baseline();
        if (chosen == nullptr) {
            const std::string hint = did_you_mean(config_.baseline, names);
            complain(
                {"baseline"},
                fmt::format("'baseline' is '{}', which isn't among 'baselines'{}", config_.baseline,
                            hint.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : hint));
            return;
        }
        use(*chosen);
    }

    void use(const BaselineSpec& chosen) {
        config_.published.insert(chosen.published.begin(), chosen.published.end());
        if (!config_.published.empty() && config_.published_source.empty())
            config_.published_source = "as given for this baseline";
        if (!chosen.leaky()) return;
        config_.runs =
            1;  // there is one such split, and the models don't depend on chance but by their seeds
        config_.split.seeds.resize(1);
    }

    const YamlValue& root_;
    ExperimentConfig& config_;
    Problems& problems_;
};

}  // namespace

void check_baselines(const YamlValue& root, ExperimentConfig& config, Problems& problems) {
    BaselineChecks(root, config, problems).all();
}

}  // namespace kickdrum
