// SPDX-License-Identifier: MIT
// --set: settings replaced from the command line, and mistakes in them.
#include "experiments/config/overrides.h"

#include <gmock/gmock.h>

#include "tests/support/experiment_files.h"

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Overrides : public ExperimentFileTest {};

TEST_F(Overrides, ReachEverything) {
    const ExperimentConfig config =
        read(kMinimal, {"training.batch_size=32", "training.optimizer.adam.beta_1=0.8",
                        "training.early_stopping.patience=3", "data.id=a=b", "data.classes.1=hat",
                        "data.labels=here.csv"});
    EXPECT_EQ(config.training.batch_size, 32);
    EXPECT_EQ(config.training.optimizer.beta_1, 0.8);
    EXPECT_EQ(config.training.early_stopping.value().patience, 3);
    EXPECT_THAT(config.data.classes, ElementsAre("kick", "hat"));
    EXPECT_EQ(config.data.labels, std::filesystem::current_path() / "here.csv");
}

TEST_F(Overrides, ChangeListsAndBareWords) {
    const std::string text = kMinimal + "training: {optimizer: sgd, early_stopping: none}\n";
    const ExperimentConfig config =
        read(text, {"training.optimizer.sgd.momentum=0.9", "data.group=null",
                    "model.0={global_max_pool2d: {}}", "training.early_stopping.patience=2"});
    EXPECT_EQ(config.training.optimizer.momentum, 0.9);
    EXPECT_EQ(config.training.early_stopping.value().patience, 2);
    EXPECT_EQ(config.data.group, "spot_id");
    EXPECT_EQ(type_name(config.model.at(0)), "global_max_pool2d");

    const EnvironmentVariable variable("KICKDRUM_REFERENCE_DATA", "/reference");
    const auto main_without_dropout = read_experiment(kConfigs / "hard_techno_main.yaml", {"model.8=null"});
    EXPECT_EQ(main_without_dropout.model.size(), 9U);
    EXPECT_EQ(type_name(main_without_dropout.model.back()), "dense");
}

TEST_F(Overrides, Mistakes) {
    EXPECT_THAT(
        set("training.batch_size=0"),
        ElementsAre(
            "--set training.batch_size=0: 'training.batch_size' is '0'; expected a whole number from 1 "
            "to 65536"));
    EXPECT_THAT(set("training.batchsize=3"),
                ElementsAre("--set training.batchsize=3: unknown key 'batchsize' in "
                            "'training' (did you mean 'batch_size'?)"));
    for (const std::string wrong : {"epochs", "=3", "training..epochs=3", ""}) {
        EXPECT_THAT(set(wrong),
                    ElementsAre("--set " + wrong + ": expected key.path=value, like training.batch_size=32"));
    }
    EXPECT_THAT(
        set("model.2.dense.units=3"),
        ElementsAre("--set model.2.dense.units=3: 'model' is a list of 2; '2' is none of its numbers, which "
                    "count from 0"));
    EXPECT_THAT(set("name={a"), testing::SizeIs(1));
    EXPECT_THAT(set("runs={a: 1, a: 2}"),
                ElementsAre("--set runs={a: 1, a: 2}: 'a' is given twice; keep one of them",
                            HasSubstr("'runs' is a block of keys")));
}

}  // namespace
}  // namespace kickdrum
