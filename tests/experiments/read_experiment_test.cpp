// SPDX-License-Identifier: MIT
// The experiment file: what is read, and each mistake with its words and its place.
#include "experiments/config/read_experiment.h"

#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "experiments/config/device_choice.h"
#include "experiments/ensembles/ensemble_file.h"
#include "tests/support/experiment_files.h"

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReadExperiment : public ExperimentFileTest {};

std::string text_of(const std::filesystem::path& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

TEST_F(ReadExperiment, TheShortestFileHasTheDefaults) {
    const ExperimentConfig config = read(kMinimal);
    EXPECT_EQ(config.name, "test");
    EXPECT_EQ(config.runs, 5);
    EXPECT_EQ(config.data.labels, folder_ / "labels.csv");
    EXPECT_EQ(config.data.audio, folder_ / "clips");
    EXPECT_EQ(config.data.group, "spot_id");
    EXPECT_THAT(config.data.classes, ElementsAre("kick", "snare"));
    EXPECT_THAT(config.split.seeds, ElementsAre(42U));
    EXPECT_EQ(config.features.fmax, 11000);
    EXPECT_EQ(config.training.optimizer.epsilon, 1e-7);
    EXPECT_FALSE(config.training.early_stopping);
    EXPECT_EQ(config.class_weights.kind, ClassWeights::Kind::none);
    EXPECT_EQ(config.text, kMinimal);
    EXPECT_EQ(config.file, file());
    EXPECT_THAT(config.warnings, IsEmpty());
}

TEST_F(ReadExperiment, LayersOfAllKinds) {
    const std::string data = kMinimal.substr(0, kMinimal.find("model:"));
    const ExperimentConfig config = read(data +
                                         "model:\n"
                                         "  - conv2d: {filters: 4, kernel: [3, 5]}\n"
                                         "  - max_pool2d: {size: [1, 2]}\n"
                                         "  - residual:\n"
                                         "      body:\n"
                                         "        - conv2d: {filters: 4, padding: same}\n"
                                         "  - activation: selu\n"
                                         "  - global_average_pool2d\n"
                                         "  - dropout: {rate: 0.1}\n"
                                         "  - dense: {units: classes, activation: softmax}\n");
    ASSERT_EQ(config.model.size(), 7U);
    const auto& conv = std::get<Conv2dLayerSpec>(config.model[0].kind);
    EXPECT_EQ(conv.kernel, (Extent2d{3, 5}));
    EXPECT_EQ(conv.padding, Padding::valid);
    EXPECT_EQ(std::get<Pool2dLayerSpec>(config.model[1].kind).strides, (Extent2d{1, 2}));
    const auto& residual = std::get<ResidualLayerSpec>(config.model[2].kind);
    EXPECT_EQ(residual.activation, Activation::relu);
    EXPECT_TRUE(residual.shortcut.empty());
    EXPECT_EQ(residual.body.at(0).line, 10);
    EXPECT_EQ(residual.body.at(0).column, 11);
    EXPECT_EQ(std::get<ActivationLayerSpec>(config.model[3].kind).function, Activation::selu);
    EXPECT_EQ(std::get<GlobalPool2dLayerSpec>(config.model[4].kind).kind, PoolKind::average);
    const auto& last = std::get<DenseLayerSpec>(config.model[6].kind);
    EXPECT_TRUE(last.softmax);
    EXPECT_EQ(last.units, DenseLayerSpec::kClasses);
    EXPECT_EQ(config.model[6].line, 14);
}

TEST_F(ReadExperiment, Training) {
    const ExperimentConfig config = read(kMinimal + R"(
training:
  optimizer: adamw
  schedule: {one_cycle: {div_factor: 10}}
  reduce_on_plateau: {monitor: val_weighted_f1}
  class_weights: {snare: 2, kick: 0.5}
  label_smoothing: 0.1
  early_stopping: {monitor: val_accuracy, patience: 4}
)");
    const TrainingSpec& training = config.training;
    EXPECT_EQ(training.optimizer.kind, OptimizerKind::adamw);
    EXPECT_EQ(training.optimizer.weight_decay, 0.004);
    EXPECT_EQ(training.schedule.kind, ScheduleKind::one_cycle);
    EXPECT_EQ(training.schedule.div_factor, 10);
    ASSERT_TRUE(training.reduce_on_plateau);
    EXPECT_TRUE(training.reduce_on_plateau->maximize);
    EXPECT_EQ(training.reduce_on_plateau_monitor, "val_weighted_f1");
    EXPECT_THAT(config.class_weights.given, ElementsAre(0.5F, 2.0F)) << "in the order of the classes";
    ASSERT_TRUE(training.early_stopping);
    EXPECT_TRUE(training.early_stopping->maximize);
    EXPECT_TRUE(training.early_stopping->restore_best_weights);
    EXPECT_FALSE(read(kMinimal, {"training.early_stopping=false"}).training.early_stopping);
    EXPECT_EQ(read(kMinimal, {"training.optimizer=sgd"}).training.optimizer.learning_rate, 0.01);
}

TEST_F(ReadExperiment, AllMistakesAreListedAtOnce) {
    const std::string text = R"(name: my first
runs: 2.5
seed: 42
seed: 43
trainig: {}
data:
  labels: labels.csv
  classes: [a, b, a]
  on_bad_clip: stopp
split: {seeds: [1, 2]}
features:
  fmax: 12000
  hop_length: 2048
  size: [128, 128, 3]
model:
  - conv2d: {filtres: 32, padding: some, activation: Relu}
  - max_pool2d: {pool_size: 2}
  - conv2d: {filters: 3}
    dropout: 0.5
  - droput
  - dense: {units: clases, activation: softmax}
  - flatten: {a: 1}
training:
  optimizer: {adam: {lr: 0.001}, sgd: {}}
  batch_size: 0
  epochs: "50"
  early_stopping: true
  class_weights: balanced_
)";
    EXPECT_THAT(
        mistakes(text),
        ElementsAre(
            "1:7: 'name' is 'my first', but results go to a folder of this name: use at most 100 letters, "
            "digits, "
            "'_', '-' and '.', and begin with a letter, a digit or '_'",
            "2:7: 'runs' is '2.5'; expected a whole number from 1 to 1000",
            "4:1: 'seed' stands here for the second time (first in line 3); keep one of them",
            "5:1: unknown key 'trainig' (did you mean 'training'?)",
            "7:3: 'data.audio' is missing (folder of the clips, named by their id)",
            "8:19: 'data.classes' holds 'a' twice",
            "9:16: 'data.on_bad_clip' is 'stopp'; expected one of stop, skip (did you mean 'stop'?)",
            "12:9: 'features.fmax' is 12000, above half of the sample rate (11025), where there is no sound",
            "13:15: 'features.hop_length' (2048) is above 'features.n_fft' (1024): samples between two "
            "windows would "
            "be lost",
            "14:9: 'features.size' is a list of 3; expected a whole number from 1 to 4096, or two of them as "
            "[height, "
            "width]",
            "16:13: 'model.0.conv2d.filters' is missing (number of output channels)",
            "16:14: unknown key 'filtres' in 'model.0.conv2d' (did you mean 'filters'?)",
            "16:36: 'model.0.conv2d.padding' is 'some'; expected one of valid, same (did you mean 'same'?)",
            "16:54: 'model.0.conv2d.activation' is 'Relu'; expected one of linear, relu, leaky_relu, elu, "
            "selu, gelu, "
            "silu, sigmoid, tanh, softplus (did you mean 'relu'?)",
            "17:18: unknown key 'pool_size' in 'model.1.max_pool2d' (did you mean 'size'?)",
            "19:5: 'model.2' holds 2 keys (conv2d, dropout); expected one layer, with its options indented "
            "below it "
            "or in braces",
            "20:5: unknown layer 'droput' in 'model.3' (did you mean 'dropout'?)",
            "21:20: 'model.4.dense.units' is 'clases'; expected a whole number from 1 to 1000000, or classes",
            "22:15: unknown key 'a' in 'model.5.flatten'; it has no options",
            "24:34: 'training.optimizer' holds 2 keys (adam, sgd); expected one optimizer, with its options "
            "indented "
            "below it or in braces",
            "25:15: 'training.batch_size' is '0'; expected a whole number from 1 to 65536",
            "26:11: 'training.epochs' is the text \"50\"; expected a whole number from 1 to 1000000",
            "27:19: 'training.early_stopping' is 'true'; expected none, or a block of options ({} for their "
            "defaults)",
            "28:18: 'training.class_weights' is 'balanced_'; expected one of none, balanced or a block with "
            "a number "
            "for each name (did you mean 'balanced'?)"));
    EXPECT_EQ(code_, ExitCode::usage);
}

TEST_F(ReadExperiment, WhatIsNoExperimentAtAll) {
    EXPECT_THAT(mistakes(""),
                ElementsAre("the file is empty; an experiment needs at least 'data' and 'model'"));
    EXPECT_THAT(mistakes("# only a comment\n"), ElementsAre(HasSubstr("the file is empty")));
    EXPECT_THAT(mistakes("- a\n- b\n"),
                ElementsAre("1:1: an experiment is a block of keys such as 'name: my-first', not a list"));
    EXPECT_THAT(
        mistakes("hello\n"),
        ElementsAre("1:1: an experiment is a block of keys such as 'name: my-first', not a single value"));
    EXPECT_THAT(mistakes(std::string("a\0b", 3)),
                ElementsAre("this is no text file; an experiment is written in YAML"));
    EXPECT_THAT(mistakes(std::string(2'000'000, ' ')),
                ElementsAre(HasSubstr("too much for an experiment file")));
    EXPECT_THAT(mistakes("runs: 2\n"),
                ElementsAre("1:1: 'data' is missing (the clips)",
                            "1:1: 'model' is missing (the network: a list of layers)"));
    EXPECT_THAT(mistakes("data: x\nmodel: y\n"),
                ElementsAre("1:7: 'data' is 'x'; expected a block of keys",
                            "2:8: 'model' is 'y'; expected a list of layers, each beginning with '- '"));
}

TEST_F(ReadExperiment, AMissingFileNamesASimilarOne) {
    write(kMinimal);
    try {
        read_experiment(folder_ / "tset.yaml");
        FAIL();
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_EQ(std::string(error.what()), (folder_ / "tset.yaml").string() +
                                                 ": error: there is no such file (did you mean '" +
                                                 file().string() + "'?)");
    }
    EXPECT_THROW(read_experiment(folder_), UserError);
}

TEST_F(ReadExperiment, ClassesOrALabelColumn) {
    EXPECT_THAT(
        set("data.classes=null"),
        ElementsAre(
            "2:3: 'data.classes' is missing (the classes, as a list of 0/1 columns; or name one column "
            "of class names with 'label')"));
    EXPECT_THAT(set("data.classes=null", "data.label=genre"), IsEmpty());
    EXPECT_THAT(set("data.classes=null", "data.label=genre", "model.1.dense.units=10"), IsEmpty())
        << "the table will tell how many classes there are";
    EXPECT_THAT(
        set("data.classes=[kick]"),
        ElementsAre(
            "--set data.classes=[kick]: 'data.classes' holds one class; a classifier needs two or more"));
    EXPECT_THAT(set("data.classes=kick"),
                ElementsAre("--set data.classes=kick: 'data.classes' is 'kick'; expected a "
                            "list of names, like [a, b]"));
}

TEST_F(ReadExperiment, OneSplitSeedOrOnePerRun) {
    EXPECT_THAT(set("runs=2", "split.seeds=[7, 8]"), IsEmpty());
    EXPECT_EQ(read(kMinimal, {"runs=2", "split.seeds=[7, 8]"}).split.seed_of_run(1), 8U);
    EXPECT_EQ(read(kMinimal, {"split.seed=7"}).split.seed_of_run(4), 7U);
    EXPECT_THAT(
        set("split.seeds=[7, 8]"),
        ElementsAre("--set split.seeds=[7, 8]: 'split.seeds' holds 2 and 'runs' is 5; give one seed per run, "
                    "or one 'seed' for all"));
    EXPECT_THAT(
        set("runs=1", "split.seed=1", "split.seeds=[2]"),
        ElementsAre("--set split.seeds=[2]: 'split.seed' and 'split.seeds' are both given; leave one of them "
                    "out"));
    EXPECT_THAT(
        set("split.seed=4294967296"),
        ElementsAre(
            "--set split.seed=4294967296: 'split.seed' is '4294967296'; expected a whole number from 0 "
            "to 4294967295"));
    EXPECT_THAT(set("split.folds=[3]"),
                ElementsAre("--set split.folds=[3]: 'split.folds' is a list of 1; expected a list of 2"));
}

TEST_F(ReadExperiment, ClassWeightsNameEveryClass) {
    EXPECT_THAT(
        set("training.class_weights={kick: 1, snaer: 2}"),
        ElementsAre(
            "--set training.class_weights={kick: 1, snaer: 2}: 'training.class_weights' names 'snaer', "
            "which is no class (did you mean 'snare'?)",
            "--set training.class_weights={kick: 1, snaer: 2}: 'training.class_weights' has no weight "
            "for class 'snare'"));
    EXPECT_THAT(set("data.classes=null", "data.label=genre", "training.class_weights={kick: 1}"),
                ElementsAre("--set training.class_weights={kick: 1}: weights by class need the classes in "
                            "'data.classes'"));
    EXPECT_THAT(
        set("training.class_weights={kick: -1, snare: 1}"),
        ElementsAre(
            "--set training.class_weights={kick: -1, snare: 1}: 'training.class_weights.kick' is '-1'; "
            "expected a number of at least 0"));
}

TEST_F(ReadExperiment, CudaWhereItCantBeHad) {
    const CudaStatus status = cuda_status();
    if (status.usable()) GTEST_SKIP() << "there is a GPU";
    EXPECT_THAT(set("device=cuda"), ElementsAre("--set device=cuda: " + cuda_refusal(status)));
    EXPECT_EQ(code_, ExitCode::environment);
    EXPECT_THAT(set("device=cuda", "math=bf16"), ElementsAre(HasSubstr("'device: cuda' can't be had")));
    EXPECT_EQ(code_, ExitCode::environment);
    EXPECT_THAT(set("device=cuda", "runs=0"), testing::SizeIs(2));
    EXPECT_EQ(code_, ExitCode::usage) << "the file must be mended first";
    EXPECT_THAT(set("math=bf16"),
                ElementsAre(testing::AllOf(
                    testing::StartsWith("--set math=bf16: 'math: bf16' needs a GPU, and there is none: "),
                    HasSubstr(status.what), HasSubstr(status.remedy))));
    EXPECT_EQ(code_, ExitCode::usage);
}

TEST_F(ReadExperiment, MathAndPicturesThatCantBeHad) {
    for (const std::string math : {"tf32", "bf16"}) {
        EXPECT_THAT(
            set("math=" + math, "device=cpu"),
            ElementsAre("--set math=" + math + ": 'math: " + math +
                        "' needs a GPU, and 'device' is cpu, which computes in fp32 only; use fp32 or "
                        "'device: cuda'"));
        EXPECT_EQ(code_, ExitCode::usage);
    }
    EXPECT_THAT(set("features.kind=wavelet"),
                ElementsAre("--set features.kind=wavelet: 'features.kind' is 'wavelet'; expected "
                            "one of log_mel, pcen, mfcc"));
}

TEST_F(ReadExperiment, PublishedFiguresNeedASourceAndAKnownMetric) {
    const ExperimentConfig config =
        read(kMinimal, {"published.source=a paper", "published.test.weighted_f1=0.78"});
    EXPECT_EQ(config.published.at("test.weighted_f1"), 0.78);
    EXPECT_EQ(config.published_source, "a paper");
    EXPECT_THAT(
        mistakes(kMinimal + "published: {test.weighted_f: 0.7}\n"),
        ElementsAre("8:12: 'published.source' is missing (where the figures stand)",
                    "8:13: unknown key 'test.weighted_f' in 'published' (did you mean 'test.weighted_f1'?)"));
}

TEST_F(ReadExperiment, TheVariableOfTheReferenceData) {
    const std::string labels = "data.labels=${KICKDRUM_REFERENCE_DATA}/labels.csv";
    {
        const EnvironmentVariable variable("KICKDRUM_REFERENCE_DATA", "/some/where");
        EXPECT_EQ(read(kMinimal, {labels}).data.labels, "/some/where/labels.csv");
    }
    const EnvironmentVariable variable("KICKDRUM_REFERENCE_DATA", nullptr);
    EXPECT_THAT(set(labels),
                ElementsAre("--set " + labels +
                            ": 'data.labels' uses ${KICKDRUM_REFERENCE_DATA}, which is not set; set it to "
                            "the folder of the reference data: export "
                            "KICKDRUM_REFERENCE_DATA=/path/to/data"));
    EXPECT_THAT(
        set("data.audio=${HOME}/x"),
        ElementsAre(
            "--set data.audio=${HOME}/x: 'data.audio' is '${HOME}/x'; the only variable that a path may "
            "have is ${KICKDRUM_REFERENCE_DATA}, at its beginning"));
}

TEST_F(ReadExperiment, TheNameFollowsFromTheFile) {
    const auto named = [&](const std::string& file_name) {
        std::ofstream(folder_ / file_name) << kMinimal;
        return read_experiment(folder_ / file_name).name;
    };
    EXPECT_EQ(named("my first try.yaml"), "my-first-try");
    EXPECT_EQ(named("..odd.yaml"), "odd");
    for (const std::string name : {"a/b", ".hidden", "-x", "\"\"", "[a]"}) {
        EXPECT_THAT(set("name=" + name), testing::SizeIs(1)) << name;
    }
}

TEST_F(ReadExperiment, TheShippedExperimentsAreFine) {
    const EnvironmentVariable variable("KICKDRUM_REFERENCE_DATA", "/reference");
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kConfigs)) {
        if (!entry.is_regular_file()) continue;  // studies/
        if (entry.path().extension() != ".yaml") continue;
        SCOPED_TRACE(entry.path());
        ++files;
        if (is_ensemble_file(entry.path())) {
            EXPECT_GE(read_ensemble(entry.path(), {}).members.size(), 2U);
            continue;
        }
        const ExperimentConfig config = read_experiment(entry.path());
        EXPECT_THAT(config.warnings, IsEmpty());
    }
    EXPECT_GE(files, 3);
    const ExperimentConfig main = read_experiment(kConfigs / "hard_techno_main.yaml");
    EXPECT_EQ(main.data.audio, "/reference/hard_techno/clips");
    EXPECT_EQ(main.published.at("test.weighted_f1"), 0.7841);
    EXPECT_EQ(parameter_count(describe_model(main.model, {1, 128, 128, 1}, 5)), 8'482'821);
}

// Broken files end in a UserError, whatever is broken.
TEST_F(ReadExperiment, NoTruncationOrFlippedCharacterEndsInAnythingElse) {
    const EnvironmentVariable variable("KICKDRUM_REFERENCE_DATA", "/reference");
    const std::string whole = text_of(kConfigs / "hard_techno_main.yaml");
    std::mt19937 random(1);
    const std::string letters = "{}[]:,-#&*!|>'\"%@` \n\t0a\xff\x01";
    int broken = 0;
    for (int i = 0; i < 900; ++i) {
        std::string text = whole;
        if (i % 3 == 0) text.resize(random() % text.size());
        for (int changes = i % 3; changes > 0 && !text.empty(); --changes) {
            text[random() % text.size()] = letters[random() % letters.size()];
        }
        SCOPED_TRACE(text);
        try {
            read(text);
        } catch (const UserError& error) {
            ++broken;
            ASSERT_FALSE(error.diagnostics().empty());
            ASSERT_NE(std::string(error.what()), "");
        }
    }
    EXPECT_GT(broken, 300);
}

}  // namespace
}  // namespace kickdrum
