// SPDX-License-Identifier: MIT
#include "experiments/studies/study_file.h"

#include <gmock/gmock.h>

#include "experiments/studies/variant_list.h"
#include "tests/support/experiment_files.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kBase = R"(data: {labels: l.csv, audio: a, classes: [x, y]}
model:
  - flatten
  - dense: {units: 8, activation: relu}
  - dense: {units: classes, activation: softmax}
)";

class StudyFileTest : public testing::Test {
 protected:
    StudyPlan read(const std::string& text, const std::vector<std::string>& overrides = {}) {
        std::ofstream(folder_ / "base.yaml") << kBase;
        std::ofstream(folder_ / "study.yaml") << text;
        return read_study(folder_ / "study.yaml", overrides);
    }
    // The mistakes, each with its place in the study file.
    std::vector<std::string> mistakes(const std::string& text) {
        try {
            read(text);
        } catch (const UserError& error) {
            EXPECT_EQ(error.code(), ExitCode::usage);
            std::vector<std::string> list;
            for (const auto& one : error.diagnostics())
                list.push_back(std::to_string(one.line) + ": " + one.message);
            return list;
        }
        return {};
    }
    static std::vector<std::string> names(const StudyPlan& plan) {
        std::vector<std::string> list;
        for (const auto& variant : plan.variants) list.push_back(variant.name);
        return list;
    }

    TemporaryFolder folder_;
};

TEST_F(StudyFileTest, AVariantMayBeTheMeanOfOthers) {
    const std::string begin = "study: sizes\nbase: base.yaml\nruns: 3\nvariants:\n  - base\n";
    const StudyPlan plan =
        read(begin + "  - small: {training.epochs: 7}\n  - both: {ensemble: [base, small]}\n");
    ASSERT_EQ(plan.variants.size(), 3U);
    EXPECT_THAT(plan.variants[2].ensemble, ElementsAre("base", "small"));
    EXPECT_THAT(plan.variants[2].set, ElementsAre("ensemble=[base, small]"));
    EXPECT_EQ(plan.runs(), 6) << "a mean trains nothing";

    EXPECT_THAT(mistakes(begin + "  - both: {ensemble: [base, smal]}\n  - small: {training.epochs: 7}\n"),
                ElementsAre(HasSubstr(
                    "6: the ensemble 'both' names 'smal', which is no variant that trains before")));
    EXPECT_THAT(mistakes(begin + "  - both: {ensemble: [base]}\n"),
                ElementsAre(HasSubstr("two or more variants")));
    EXPECT_THAT(mistakes(begin + "  - small: {training.epochs: 7}\n"
                                 "  - both: {ensemble: [base, small], training.epochs: 3}\n"),
                ElementsAre(HasSubstr("and nothing else")));
    EXPECT_THAT(mistakes(begin + "  - small: {training.epochs: 7}\n  - both: {ensemble: [base, small]}\n"
                                 "grid: {features.n_mels: [64, 128]}\n"),
                ElementsAre(HasSubstr("can't be crossed")));
    EXPECT_THAT(mistakes(begin + "  - small: {training.epochs: 7}\n  - both: {ensemble: [base, small]}\n"
                                 "halving: {epochs: [5]}\n"),
                ElementsAre(HasSubstr("'halving' don't go together")));
}

TEST_F(StudyFileTest, AListOfVariants) {
    const StudyPlan plan = read(R"(study: sizes
base: base.yaml
runs: 3
seed: 9
variants:
  - base
  - small: {model.1.dense.units: 4, training.epochs: 7}
  - {training.batch_size: 16}
)");
    EXPECT_EQ(plan.name, "sizes");
    EXPECT_THAT(names(plan), ElementsAre("base", "small", "batch_size=16"));
    EXPECT_EQ(plan.runs(), 9);
    for (const auto& variant : plan.variants) {
        EXPECT_EQ(variant.config.runs, 3);
        EXPECT_EQ(variant.config.seed, 9U);
        EXPECT_EQ(variant.config.split.seeds, plan.variants[0].config.split.seeds);
        EXPECT_EQ(variant.config.name, variant.folder);
    }
    EXPECT_EQ(std::get<DenseLayerSpec>(plan.variants[1].config.model[1].kind).units, 4);
    EXPECT_EQ(plan.variants[1].config.training.epochs, 7);
    EXPECT_EQ(plan.variants[2].config.training.batch_size, 16);
    EXPECT_EQ(plan.variants[2].folder, "batch_size-16");
}

TEST_F(StudyFileTest, AGridIsCrossedWithTheList) {
    const StudyPlan plan = read(R"(study: s
base: base.yaml
variants: [a, b: {training.epochs: 2}]
grid:
  features.n_mels: [64, 128]
  training.class_weights: [balanced, none]
)");
    ASSERT_EQ(plan.variants.size(), 8U);
    EXPECT_EQ(plan.variants[0].name, "a, n_mels=64, class_weights=balanced");
    EXPECT_EQ(plan.variants[7].name, "b, n_mels=128, class_weights=none");
    EXPECT_EQ(plan.variants[7].config.features.n_mels, 128);
    EXPECT_EQ(plan.variants[7].config.training.epochs, 2);
    std::set<std::string> folders;
    for (const auto& variant : plan.variants) folders.insert(variant.folder);
    EXPECT_EQ(folders.size(), 8U);
}

TEST_F(StudyFileTest, RandomDrawsAreRepeatable) {
    const std::string text = R"(study: s
base: base.yaml
random:
  budget: 40
  seed: 3
  training.optimizer.adam.learning_rate: {log_uniform: [0.0001, 0.01]}
  model.1.dense.units: {integer: [4, 6]}
  training.batch_size: [8, 16]
)";
    const StudyPlan plan = read(text);
    ASSERT_EQ(plan.variants.size(), 40U);
    std::set<int> units;
    for (const auto& variant : plan.variants) {
        const double rate = variant.config.training.optimizer.learning_rate;
        EXPECT_TRUE(rate >= 0.0001 && rate <= 0.01) << rate;
        units.insert(std::get<DenseLayerSpec>(variant.config.model[1].kind).units);
    }
    EXPECT_THAT(units, ElementsAre(4, 5, 6));
    EXPECT_EQ(names(read(text)), names(plan));
}

TEST_F(StudyFileTest, SplitSeedsGoRound) {
    const StudyPlan plan =
        read("study: s\nbase: base.yaml\nruns: 5\nsplit_seeds: [1, 2]\nvariants: [a, b]\n");
    for (const auto& variant : plan.variants)
        EXPECT_THAT(variant.config.split.seeds, ElementsAre(1U, 2U, 1U, 2U, 1U));
    EXPECT_THAT(read("study: s\nbase: base.yaml\nsplit_seeds: [7]\n").variants[0].config.split.seeds,
                ElementsAre(7U));
}

TEST_F(StudyFileTest, MistakesStandWhereTheyAre) {
    EXPECT_THAT(
        mistakes("study: s\nbase: base.yaml\nvariants:\n  - a: {training.epoch: 3}\n  - b: {runs: 2}\n"),
        ElementsAre(HasSubstr("5: 'runs' is the same for all variants")));
    EXPECT_THAT(mistakes("study: s\nbase: base.yaml\nvariants:\n  - a: {training.epoch: 3}\n"),
                ElementsAre(HasSubstr("4: unknown key 'epoch' in 'training' (did you mean 'epochs'?)")));
    EXPECT_THAT(mistakes("study: s\nbase: base.yaml\nvariant: [a]\n"),
                ElementsAre(HasSubstr("3: unknown key 'variant' in a study (did you mean 'variants'?)")));
    EXPECT_THAT(mistakes("study: s\nbase: base.yaml\nruns: 0\nvariants: [a, b]\n"),
                ElementsAre(HasSubstr("3: 'runs' is '0'")));
    EXPECT_THAT(mistakes("study: s\nbase: base.yaml\ngrid: {training.epochs: 3}\n"),
                ElementsAre(HasSubstr("expected a list of values")));
    EXPECT_THAT(mistakes("study: s\nbase: base.yaml\nrandom: {budget: 0}\n"),
                ElementsAre(HasSubstr("'budget'")));
    EXPECT_THAT(mistakes("study: s\nbase: base.yaml\nvariants: [a, a]\n"),
                ElementsAre(HasSubstr("two variants are called 'a'")));
    EXPECT_THAT(mistakes("study: s\n"), ElementsAre(HasSubstr("'base' is missing")));
    EXPECT_THAT(mistakes("study: s\nbase: nowhere.yaml\n"), ElementsAre(HasSubstr("there is no such file")));
    EXPECT_THAT(mistakes("study: s\nbase: base.yaml\nhalving: {keep: 2, epochs: [3]}\n"),
                ElementsAre(HasSubstr("'halving.keep'")));
}

TEST_F(StudyFileTest, OverridesApplyToAll) {
    const StudyPlan plan = read("study: s\nbase: base.yaml\nvariants: [a, b]\n", {"training.epochs=3"});
    for (const auto& variant : plan.variants) EXPECT_EQ(variant.config.training.epochs, 3);
}

TEST(StudyFiles, ThoseThatShipCanBeRead) {
    int studies = 0;
    for (const auto& entry :
         fs::directory_iterator(fs::path(KICKDRUM_SOURCE_DIR) / "experiments/configs/studies")) {
        SCOPED_TRACE(entry.path().string());
        ::setenv("KICKDRUM_REFERENCE_DATA", "/somewhere", 0);
        EXPECT_TRUE(is_study_file(entry.path()));
        EXPECT_GE(read_study(entry.path(), {}).variants.size(), 2U);
        ++studies;
    }
    EXPECT_GE(studies, 4);
    EXPECT_FALSE(is_study_file(fs::path(KICKDRUM_SOURCE_DIR) / "experiments/configs/demo.yaml"));
    EXPECT_FALSE(is_study_file("/nowhere.yaml"));
}

}  // namespace
}  // namespace kickdrum
