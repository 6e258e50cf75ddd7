// SPDX-License-Identifier: MIT
// The block `baselines:` of the experiment file.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "experiments/baselines/baseline_data.h"
#include "experiments/config/read_experiment.h"
#include "experiments/config/resolved_yaml.h"
#include "experiments/diagnostics.h"
#include "experiments/studies/baseline_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class BaselineConfig : public testing::Test {
 protected:
    BaselineConfig() {
        std::string name = (fs::temp_directory_path() / "kickdrum-baseline-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = name;
    }
    ~BaselineConfig() override { fs::remove_all(folder_); }

    // An experiment with these baselines.
    ExperimentConfig read(const std::string& baselines, const std::vector<std::string>& set = {}) {
        std::ofstream(folder_ / "test.yaml")
            << "runs: 2\ndata: {labels: l.csv, audio: clips, classes: [a, b]}\n"
               "split: {seeds: [42, 43]}\nbaselines:\n"
            << baselines;
        return read_experiment(folder_ / "test.yaml", set);
    }
    std::vector<std::string> mistakes(const std::string& baselines,
                                      const std::vector<std::string>& set = {}) {
        std::vector<std::string> list;
        try {
            read(baselines, set);
        } catch (const UserError& error) {
            EXPECT_EQ(error.code(), ExitCode::usage);
            for (const auto& one : error.diagnostics())
                list.push_back(std::to_string(one.line) + ": " + one.message);
        }
        return list;
    }

    fs::path folder_;
};

constexpr const char* kGood =
    "  svm: {model: {svm: {c: 3}}, clip: 5, features: rich}\n"
    "  trees:\n"
    "    protocol: nested\n"
    "    model: {lightgbm: {num_leaves: 8}}\n"
    "    early_stopping: {on: val, rounds: 7}\n"
    "    search: {draws: 4, grid: {learning_rate: [0.1, 0.3], max_depth: [-1, 4]}}\n"
    "  leaky: {protocol: published, table: t.csv, model: xgboost, early_stopping: {on: test}}\n"
    "  cnn: {model: {results: {folder: ../main}}}\n"
    "  both: {model: {vote: {members: [cnn, trees], weights_by: validation}}}\n";

TEST_F(BaselineConfig, IsReadAndComesBackFromTheResolvedFile) {
    const ExperimentConfig config = read(kGood);
    ASSERT_EQ(config.baselines.size(), 5U);
    EXPECT_TRUE(config.baseline.empty()) << "all of them, as a study";
    const BaselineSpec& trees = config.baselines[1];
    EXPECT_EQ(trees.kind, BaselineKind::lightgbm);
    EXPECT_EQ(trees.protocol, Protocol::nested);
    EXPECT_EQ(trees.parameters.at("num_leaves"), 8);
    EXPECT_EQ(trees.parameters.at("bagging_freq"), 5) << "the default";
    EXPECT_EQ(trees.early_stopping->rounds, 7);
    EXPECT_THAT(trees.search->grid.at("max_depth"), ElementsAre(-1, 4));
    EXPECT_EQ(config.baselines[0].clip, 5);
    EXPECT_EQ(config.baselines[2].table, fs::path(folder_ / "t.csv"));
    EXPECT_TRUE(config.baselines[3].only_member) << "it can't be trained";

    const std::string resolved = resolved_yaml(config);
    EXPECT_THAT(resolved, testing::Not(HasSubstr("training:")));
    std::ofstream(folder_ / "resolved.yaml") << resolved;
    const ExperimentConfig again = read_experiment(folder_ / "resolved.yaml");
    EXPECT_EQ(resolved_yaml(again), resolved);
    EXPECT_EQ(again.baselines[1].search->grid, trees.search->grid);
    EXPECT_EQ(again.baselines[4].vote.members, config.baselines[4].vote.members);
}

TEST_F(BaselineConfig, BecomesAStudyOfThoseThatHaveARow) {
    const ExperimentConfig config = read(kGood);
    ASSERT_TRUE(is_baseline_study(config));
    const StudyPlan plan = baseline_study(config, {});
    std::vector<std::string> names;
    for (const auto& variant : plan.variants) names.push_back(variant.name);
    EXPECT_THAT(names, ElementsAre("svm", "trees", "leaky", "both"));
    EXPECT_EQ(plan.variants[0].config.runs, 2);
    EXPECT_EQ(plan.variants[2].config.runs, 1) << "the published protocol has one split";
    std::vector<std::string> fitted;
    for (const auto* spec : fitted_baselines(plan.variants[3].config)) fitted.push_back(spec->name);
    EXPECT_THAT(fitted, ElementsAre("trees"));
    const ExperimentConfig one = read("  only: {model: logistic}\n");
    EXPECT_FALSE(is_baseline_study(one));
    EXPECT_EQ(one.baseline, "only");
}

TEST_F(BaselineConfig, MistakesAreSaidWithTheirPlace) {
    EXPECT_THAT(
        mistakes("  a:\n    model: {xgboost: {max_dept: 4}}\n"),
        ElementsAre("6: unknown key 'max_dept' in 'baselines.a.model.xgboost' (did you mean 'max_depth'?)"));
    EXPECT_THAT(mistakes("  a:\n    model: xgboost\n    search: {grid: {num_leaves: [8]}}\n"),
                ElementsAre(HasSubstr("7: unknown key 'num_leaves' in 'baselines.a.search.grid'")));
    EXPECT_THAT(
        mistakes("  a:\n    model: xgboost\n    search: {grid: {subsample: [0.5, 1.5]}}\n"),
        ElementsAre(
            "7: 'baselines.a.search.grid.subsample.1' is '1.5'; expected a number above 0 and at most 1"));
    EXPECT_THAT(mistakes("  a:\n    model: svm\n    early_stopping: {on: val}\n"),
                ElementsAre(HasSubstr("7: 'baselines.a.early_stopping' is for boosting")));
    EXPECT_THAT(mistakes("  a:\n    model: xgboost\n    early_stopping: {on: test}\n"),
                ElementsAre(HasSubstr("lets the test part choose the model")));
    EXPECT_THAT(mistakes("  a: {model: xgboost, protocol: published, early_stopping: {on: val}}\n"),
                ElementsAre(HasSubstr("the published protocol has no validation part")));
    EXPECT_THAT(
        mistakes("  tree: {model: xgboost}\n  v: {model: {vote: {members: [three, v]}}}\n"),
        ElementsAre(HasSubstr("holds 'three', which is no baseline of this file (did you mean 'tree'?)"),
                    HasSubstr("holds 'v', which is itself a vote")));
    EXPECT_THAT(mistakes("  a: {model: svm, protocol: published}\n  v: {model: {vote: {members: [a], "
                         "weights: [1, 2]}}}\n"),
                ElementsAre(HasSubstr("tested on other clips"), HasSubstr("give one weight per member")));
    EXPECT_THAT(mistakes("  a.b: {model: svm}\n"), ElementsAre(HasSubstr("'baselines' holds 'a.b'")));
    EXPECT_THAT(mistakes("  a: {model: {results: {}}}\n  b: {model: svm}\n"),
                ElementsAre(HasSubstr("needs either 'folder' or 'variant'")));
    EXPECT_THAT(mistakes("  a: {model: svm}\nmodel: [flatten]\n"),
                ElementsAre(HasSubstr("'model' is about a network, but this experiment has 'baselines'")));
    EXPECT_THAT(mistakes("  svm: {model: svm}\n", {"baseline=smv"}),
                ElementsAre(HasSubstr("'smv', which isn't among 'baselines' (did you mean 'svm'?)")));
}

TEST_F(BaselineConfig, TheOneThatShipsIsRead) {
    if (std::getenv("KICKDRUM_REFERENCE_DATA") == nullptr) ::setenv("KICKDRUM_REFERENCE_DATA", "/nowhere", 0);
    const fs::path file = fs::path(KICKDRUM_SOURCE_DIR) / "experiments/configs/hard_techno_baselines.yaml";
    const StudyPlan plan = baseline_study(read_experiment(file), {});
    EXPECT_GT(plan.variants.size(), 15U);
    for (const auto& variant : plan.variants) {
        EXPECT_EQ(variant.config.chosen_baseline()->leaky(), variant.name.ends_with("-published"))
            << variant.name;
    }
}

}  // namespace
}  // namespace kickdrum
