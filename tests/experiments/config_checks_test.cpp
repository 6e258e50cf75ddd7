// SPDX-License-Identifier: MIT
// Settings that are fine by themselves and don't fit each other.
#include "experiments/config/config_checks.h"

#include <gmock/gmock.h>

#include "tests/support/experiment_files.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ConfigChecks : public ExperimentFileTest {};

TEST_F(ConfigChecks, FeaturesThatDontFitEachOther) {
    EXPECT_THAT(
        set("features.fmin=11000"),
        ElementsAre(
            "--set features.fmin=11000: 'features.fmin' (11000) must be below 'features.fmax' (11000)"));
    EXPECT_THAT(set("features.n_fft=1023"),
                ElementsAre("--set features.n_fft=1023: 'features.n_fft' is 1023, but must be even"));
    EXPECT_THAT(
        set("features.sample_rate=16000"),
        ElementsAre(
            "--set features.sample_rate=16000: 'features.fmax' is 11000, above half of the sample rate "
            "(8000), where there is no sound"));
    EXPECT_THAT(set("features.fmax=x", "features.sample_rate=16000"), testing::SizeIs(1))
        << "a value that could not be read is not judged again";
    EXPECT_THAT(read(kMinimal, {"features.n_mels=512"}).warnings,
                ElementsAre(HasSubstr(
                    "of 512 mel bands hear nothing, because n_fft (1024) is too short for so many")));
}

TEST_F(ConfigChecks, RecipesThatDoNotFitTogether) {
    for (const auto* decay : {"0", "1", "1.5", "-0.1"}) {
        EXPECT_THAT(set(std::string("training.average_weights=") + decay),
                    ElementsAre(AllOf(HasSubstr("'training.average_weights' is"),
                                      HasSubstr("above 0 and below 1"))))
            << decay;
    }
    EXPECT_THAT(set("training.schedule={one_cycle: {min_beta_1: 0.85}}"),
                ElementsAre(HasSubstr("'min_beta_1' and 'max_beta_1' belong together")));
    EXPECT_THAT(set("training={optimizer: sgd, schedule: {one_cycle: {min_beta_1: 0.85, max_beta_1: 0.95}}}"),
                ElementsAre(HasSubstr("sgd has no beta_1")));
    EXPECT_THAT(set("training.test_frames=4000"),
                ElementsAre(AllOf(HasSubstr("'training.test_frames' is 4000"), HasSubstr("take fewer"))));
    EXPECT_THAT(set("training={input_frames: 64, test_frames: 128}"),
                ElementsAre(AllOf(HasSubstr("can't see 128 frames in evaluations and 64 in training"),
                                  HasSubstr("global pooling"))));
    EXPECT_THAT(set("training.last_batch=skip"), ElementsAre(HasSubstr("keep, drop")));
}

TEST_F(ConfigChecks, SchedulesThatNeverChange) {
    EXPECT_THAT(set("training.schedule=step"),
                ElementsAre("--set training.schedule=step: 'training.schedule.step' "
                            "needs either 'every_epochs' (above 0) or 'at_epochs'"));
    EXPECT_THAT(set("training.schedule={step: {at_epochs: [3], every_epochs: 2}}"), testing::SizeIs(1));
    EXPECT_THAT(
        set("training.schedule={step: {at_epochs: [3, 0]}}"),
        ElementsAre(
            "--set training.schedule={step: {at_epochs: [3, 0]}}: 'training.schedule.step.at_epochs.1' "
            "is '0'; expected a whole number from 1 to 1000000"));
    EXPECT_THAT(
        set("training.schedule=linear"),
        ElementsAre("--set training.schedule=linear: unknown schedule 'linear' in 'training.schedule'; known "
                    "are constant, step, cosine, one_cycle"));
}

TEST_F(ConfigChecks, NetworksThatDontFitTheirInput) {
    const std::string data = kMinimal.substr(0, kMinimal.find("model:"));
    EXPECT_THAT(
        mistakes(data + "model:\n  - dense: {units: classes, activation: softmax}\n"),
        ElementsAre("6:5: dense_1: needs plain numbers, but its input is an image; put 'flatten' or a global "
                    "pooling before it"));
    EXPECT_THAT(mistakes(data + "model:\n  - flatten\n"),
                ElementsAre("6:5: the last layer must be 'dense: {units: classes, activation: softmax}'"));
    EXPECT_THAT(mistakes(data + "model: []\n"),
                ElementsAre("5:8: 'model' is a list; expected at least one layer"));
    EXPECT_THAT(
        set("model.1.dense.units=3"),
        ElementsAre(HasSubstr("the last layer must be 'dense: {units: classes, activation: softmax}'")));
    EXPECT_THAT(set("features.size=[1, 1]"), IsEmpty());
    EXPECT_THAT(
        set("model.0={dense: {units: 4}}"),
        ElementsAre("--set model.0={dense: {units: 4}}: dense_1: needs plain numbers, but its input is an "
                    "image; put 'flatten' or a global pooling before it"));
}

}  // namespace
}  // namespace kickdrum
