// SPDX-License-Identifier: MIT
// Settings that are fine by themselves and don't fit each other.
#include "experiments/config/config_checks.h"

#include <gmock/gmock.h>

#include "tests/support/experiment_files.h"

namespace kickdrum {
namespace {

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
