// SPDX-License-Identifier: MIT
// resolved.yaml: every default, and read again as the same configuration.
#include "experiments/config/resolved_yaml.h"

#include <gmock/gmock.h>

#include "tests/support/experiment_files.h"

namespace kickdrum {
namespace {

class ResolvedYaml : public ExperimentFileTest {};

const std::string kEverything = R"(name: all-of-it
runs: 3
parallel_runs: 2
seed: 9007199254740993
device: cpu
deterministic: false
data:
  labels: "odd name: #1.csv"
  audio: /clips
  id: clip
  group: track
  classes: ["true", "80s, late", tekno]
  label: genre
  on_bad_clip: skip
split: {folds: [5, 4], seeds: [4294967295, 0, 7]}
features: {sample_rate: 16000, n_fft: 512, hop_length: 160, n_mels: 64, fmin: 0.5, fmax: 7999.5, top_db: 60, size: [64, 96]}
model:
  - conv2d: {filters: 8, kernel: [3, 5], strides: [1, 2], dilation: 1, activation: leaky_relu, use_bias: false, kernel_initializer: he_normal}
  - batch_norm: {momentum: 0.9, epsilon: 1e-5}
  - activation: gelu
  - max_pool2d: {size: [2, 3], strides: 2, padding: same}
  - residual:
      body:
        - conv2d: {filters: 8, kernel: 3, padding: same, dilation: 2}
        - residual: {body: [batch_norm], activation: linear}
      shortcut: [conv2d: {filters: 8, kernel: 1}]
      activation: silu
  - average_pool2d
  - global_max_pool2d
  - dropout: 0.25
  - dense: {units: 12, activation: tanh, kernel_initializer: zeros, bias_initializer: fan_in_uniform}
  - dense: {units: 3, activation: softmax, use_bias: false}
training:
  optimizer: {sgd: {learning_rate: 0.05, momentum: 0.9, nesterov: true, weight_decay: 0.0005, global_clipnorm: 1.5}}
  schedule: {step: {factor: 0.3, at_epochs: [10, 20], warm_up_steps: 100}}
  reduce_on_plateau: {monitor: val_accuracy, factor: 0.2, patience: 4, min_delta: 0, cooldown: 2, min_learning_rate: 1e-6}
  class_weights: {"true": 0.1, tekno: 1, "80s, late": 2.7}
  label_smoothing: 0.1
  batch_size: 7
  epochs: 9
  early_stopping: {monitor: val_weighted_f1, patience: 3, min_delta: 0.01, start_from_epoch: 2, restore_best_weights: false}
published: {source: "a paper, 2024", test.weighted_f1: 0.5, val.loss: 1.25}
)";

void expect_read_again(const ExperimentConfig& config, const std::filesystem::path& file) {
    const std::string resolved = resolved_yaml(config);
    std::ofstream(file) << resolved;
    const ExperimentConfig again = read_experiment(file);
    EXPECT_EQ(resolved_yaml(again), resolved);
    EXPECT_EQ(again.name, config.name);
    EXPECT_EQ(again.seed, config.seed);
    EXPECT_EQ(again.math, config.math);
    EXPECT_EQ(again.parallel_runs, config.parallel_runs);
    EXPECT_EQ(again.data.labels, config.data.labels);
    EXPECT_EQ(again.data.classes, config.data.classes);
    EXPECT_EQ(again.data.label, config.data.label);
    EXPECT_EQ(again.split.seeds, config.split.seeds);
    EXPECT_EQ(again.features.fmax, config.features.fmax);
    EXPECT_EQ(again.class_weights.kind, config.class_weights.kind);
    EXPECT_EQ(again.class_weights.given, config.class_weights.given);
    EXPECT_EQ(again.training.label_smoothing, config.training.label_smoothing);
    EXPECT_EQ(again.training.early_stopping.has_value(), config.training.early_stopping.has_value());
    EXPECT_EQ(again.published, config.published);
    EXPECT_EQ(again.published_source, config.published_source);
}

TEST_F(ResolvedYaml, IsReadAsTheSameConfiguration) {
    std::filesystem::create_directories(folder_ / "elsewhere");
    for (const auto& text : {kMinimal, kEverything}) {
        expect_read_again(read(text), folder_ / "elsewhere" / "resolved.yaml");
    }
}

TEST_F(ResolvedYaml, EachOptimizerAndScheduleIsReadAgain) {
    for (const std::string optimizer : {"adam", "adamw", "sgd"}) {
        for (const std::string schedule : {"constant", "{step: {every_epochs: 3}}", "cosine", "one_cycle"}) {
            const ExperimentConfig config =
                read(kMinimal, {"training.optimizer=" + optimizer, "training.schedule=" + schedule});
            EXPECT_EQ(to_string(config.training.optimizer.kind), optimizer);
            expect_read_again(config, folder_ / "resolved.yaml");
        }
    }
}

TEST_F(ResolvedYaml, ShowsEveryDefault) {
    EXPECT_EQ(resolved_yaml(read(kMinimal)),
              "# Every default filled in. kickdrum reads this file as it reads the one it was made from.\n"
              "name: test\n"
              "runs: 5\n"
              "parallel_runs: auto\n"
              "seed: 42\n"
              "device: auto\n"
              "math: fp32\n"
              "deterministic: true\n"
              "data:\n"
              "  layout: table\n"
              "  labels: " +
                  (folder_ / "labels.csv").string() +
                  "\n"
                  "  audio: " +
                  (folder_ / "clips").string() +
                  "\n"
                  "  id: sample_id\n"
                  "  group: spot_id\n"
                  "  classes: [kick, snare]\n"
                  "  keep: exactly_one\n"
                  "  on_bad_clip: stop\n"
                  "split:\n"
                  "  kind: stratified_group_kfold\n"
                  "  rest_share: 0.3\n"
                  "  test_share: 0.5\n"
                  "  folds: [3, 2]\n"
                  "  seed: 42\n"
                  "features:\n"
                  "  kind: log_mel\n"
                  "  sample_rate: 22050\n"
                  "  seconds: none\n"
                  "  length: pad\n"
                  "  n_fft: 1024\n"
                  "  hop_length: 512\n"
                  "  win_length: n_fft\n"
                  "  window: hann\n"
                  "  power: 2\n"
                  "  n_mels: 128\n"
                  "  mel_scale: slaney\n"
                  "  fmin: 20\n"
                  "  fmax: 11000\n"
                  "  top_db: 80\n"
                  "  reference: max\n"
                  "  n_mfcc: 20\n"
                  "  pcen:\n"
                  "    gain: 0.98\n"
                  "    bias: 2\n"
                  "    power: 0.5\n"
                  "    time_constant: 0.4\n"
                  "    eps: 1.0e-06\n"
                  "  size: 128\n"
                  "  resize: area\n"
                  "  image: float\n"
                  "  channels: [value]\n"
                  "  standardize: none\n"
                  "model:\n"
                  "  - flatten\n"
                  "  - dense: {units: classes, activation: softmax, use_bias: true, kernel_initializer: "
                  "glorot_uniform, bias_initializer: zeros}\n"
                  "transfer:\n"
                  "  replace_head: false\n"
                  "  unfreeze_at: never\n"
                  "  learning_rates: none\n"
                  "training:\n"
                  "  optimizer: {adam: {learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1.0e-07, "
                  "weight_decay: 0, global_clipnorm: none}}\n"
                  "  schedule: {constant: {warm_up_steps: 0}}\n"
                  "  reduce_on_plateau: none\n"
                  "  class_weights: none\n"
                  "  label_smoothing: 0\n"
                  "  batch_size: 64\n"
                  "  last_batch: keep\n"
                  "  average_weights: none\n"
                  "  augment:\n"
                  "    time_roll: false\n"
                  "    gain: 0\n"
                  "    equalizer: 0\n"
                  "    equalizer_points: 6\n"
                  "    noise: 0\n"
                  "    frequency_masks: 0\n"
                  "    frequency_mask: 0\n"
                  "    time_masks: 0\n"
                  "    time_mask: 0\n"
                  "    mask_value: 0\n"
                  "    mixup: 0\n"
                  "    mixup_share: 1\n"
                  "  input_frames: all\n"
                  "  test_frames: input_frames\n"
                  "  test_rolls: 1\n"
                  "  validation_rolls: test_rolls\n"
                  "  epochs: 50\n"
                  "  early_stopping: none\n"
                  "  save_h5: false\n");
}

}  // namespace
}  // namespace kickdrum
