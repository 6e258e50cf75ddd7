// SPDX-License-Identifier: MIT
// Clips with several classes: sets in tables and files, the split over them, thresholds.
#include "experiments/data/label_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/runs/result_files.h"
#include "experiments/runs/thresholds.h"
#include "tests/support/audio_files.h"
#include "tests/support/experiment_files.h"

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::string> kNames = {"bouncy", "tekno", "warzone"};

TEST(LabelSets, AreNamedWithABarBetween) {
    EXPECT_EQ(label_text(0b101, kNames, true), "bouncy|warzone");
    EXPECT_EQ(label_text(0, kNames, true), "");
    EXPECT_EQ(label_text(1, kNames, false), "tekno");
    for (int set = 0; set < 8; ++set) EXPECT_EQ(set_from_text(label_text(set, kNames, true), kNames), set);
    EXPECT_EQ(set_from_text("tekno,bouncy", kNames, ','), 0b011);
    EXPECT_EQ(set_from_text("tekno|gabber", kNames), -1);
    EXPECT_THAT(classes_in(0b110, true), ElementsAre(1, 2));
    EXPECT_THAT(classes_in(2, false), ElementsAre(2));
}

TEST(LabelSets, OfADatasetAreNumberedInOrder) {
    const SetTable table = set_table(std::vector<int>{5, 0, 5, 2}, 3);
    EXPECT_THAT(table.labels, ElementsAre(2, 0, 2, 1));
    EXPECT_THAT(table.rows, ElementsAre(0, 0, 0, 0, 1, 0, 1, 0, 1));
}

class SetLabels : public testing::Test {
 protected:
    ClipTable read(const std::string& text, KeepRows keep) {
        write_bytes(folder_ / "labels.csv", text);
        config_.labels = folder_ / "labels.csv";
        config_.keep = keep;
        return read_labels(config_);
    }
    TemporaryFolder folder_;
    DataConfig config_;
};

TEST_F(SetLabels, ColumnsOfZeroAndOne) {
    config_.classes = kNames;
    const std::string text = "sample_id,spot_id,bouncy,tekno,warzone\na,1,1,0,1\nb,1,0,0,0\nc,2,0,1,0\n";
    const ClipTable any = read(text, KeepRows::any);
    ASSERT_EQ(any.clips.size(), 2U);
    EXPECT_TRUE(any.sets);
    EXPECT_EQ(any.clips[0].label, 0b101);
    EXPECT_EQ(any.clips[1].label, 0b010);
    ASSERT_EQ(any.dropped.size(), 1U);
    EXPECT_EQ(any.dropped[0].reason, "with none of the classes");
    const ClipTable all = read(text, KeepRows::all);
    ASSERT_EQ(all.clips.size(), 3U);
    EXPECT_EQ(all.clips[1].label, 0);
}

TEST_F(SetLabels, NamesInOneColumn) {
    config_.label = "genre";
    config_.label_separator = ";";
    const ClipTable table =
        read("sample_id,spot_id,genre\na,1,tekno; bouncy\nb,2,\nc,3,bouncy\n", KeepRows::any);
    EXPECT_THAT(table.classes, ElementsAre("bouncy", "tekno"));
    ASSERT_EQ(table.clips.size(), 2U);
    EXPECT_EQ(table.clips[0].label, 0b11);
    EXPECT_EQ(table.clips[1].label, 0b01);
}

TEST(SetSplit, KeepsGroupsTogetherAndSpreadsSets) {
    ClipTable table{.classes = kNames, .clips = {}, .sets = true};
    for (int group = 0; group < 60; ++group) {
        for (int clip = 0; clip < 2; ++clip) {
            table.clips.push_back({.id = std::to_string(group * 2 + clip),
                                   .group = std::to_string(group),
                                   .label = 1 + (group + clip) % 7});
        }
    }
    const Split split = group_stratified_split(table, {}, 42);
    check_no_leak(table, split);
    EXPECT_THAT(split_warnings(table, split), IsEmpty());
}

// Worked by hand.
TEST(Thresholds, AreThoseOfTheBestF1) {
    const auto clip = [](int label, float a, float b) {
        return Prediction{.sample_id = "x", .label = label, .predicted = 0, .probabilities = {a, b}};
    };
    std::vector<Prediction> clips = {clip(0b01, 0.4F, 0.1F), clip(0b01, 0.3F, 0.2F), clip(0b00, 0.2F, 0.9F),
                                     clip(0b01, 0.8F, 0.7F)};
    const auto thresholds = best_thresholds(clips, 2);
    EXPECT_NEAR(thresholds[0], 0.25, 1e-7);
    EXPECT_EQ(thresholds[1], 0.5);  // no clip has the class
    apply_thresholds(clips, thresholds);
    EXPECT_EQ(clips[1].predicted, 0b01);
    EXPECT_EQ(clips[2].predicted, 0b10);
    EXPECT_EQ(clips[3].predicted, 0b11);
    const Classification scores = scores_of(clips, 2, true);
    EXPECT_EQ(scores.per_class[0].f1, 1);
}

TEST(Thresholds, StayAtOneHalfWhereThatIsAsGood) {
    std::vector<Prediction> clips = {{.label = 1, .probabilities = {0.9F}},
                                     {.label = 0, .probabilities = {0.1F}}};
    EXPECT_EQ(best_thresholds(clips, 1)[0], 0.5);
}

TEST(SetFiles, PredictionsComeBack) {
    const std::vector<Prediction> clips = {
        {.sample_id = "a", .label = 0b11, .predicted = 0, .probabilities = {0.5F, 0.25F, 0.125F}}};
    const std::string text = predictions_csv(clips, kNames, true);
    EXPECT_THAT(text, HasSubstr("a,bouncy|tekno,,0.5"));
    const auto read = read_predictions(text, kNames, "p.csv", true);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].label, 0b11);
    EXPECT_EQ(read[0].predicted, 0);
}

class SetExperiment : public ExperimentFileTest {};

TEST_F(SetExperiment, NeedsASigmoidForEachClass) {
    const std::string sigmoid = "model.1={dense: {units: classes, activation: sigmoid}}";
    EXPECT_THAT(set("data.keep=any"), ElementsAre(HasSubstr("the last layer must be 'dense: {units: classes, "
                                                            "activation: sigmoid}'")));
    EXPECT_THAT(set("data.keep=any", sigmoid), IsEmpty());
    EXPECT_THAT(set(sigmoid), ElementsAre(HasSubstr("activation: softmax")));
    EXPECT_THAT(set("data.keep=any", sigmoid, "data.layout=folder_per_class"),
                testing::Contains(HasSubstr("a folder says one class")));
    EXPECT_THAT(set("data.label_separator=;"), ElementsAre(HasSubstr("is one character")));
    EXPECT_THAT(set("data.keep=any", sigmoid, "data.classes=[a, b|c]"), ElementsAre(HasSubstr("'b|c'")));
}

}  // namespace
}  // namespace kickdrum
