// SPDX-License-Identifier: MIT
// An experiment, as read from its YAML file with every default filled in. Plain data. The names are the
// file's keys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dsp/clip_features.h"
#include "experiments/baselines/baseline_spec.h"
#include "kernels/device/math.h"
#include "nn/model/model_spec.h"
#include "nn/training/training_spec.h"

namespace kickdrum {

enum class DeviceChoice { automatic, cpu, cuda };
enum class OnBadClip { stop, skip };
// The channels that are taken of pictures.
enum class ClipPixels { grey, rgb };
enum class DataLayout { table, folder_per_class };
// Which rows of the table are clips: those with one class, or also with several, or also with none.
enum class KeepRows { exactly_one, any, all };
// What becomes of clips of another length than `seconds`.
enum class LengthRule { pad, crop, loop, error };

struct DataConfig {
    DataLayout layout = DataLayout::table;
    std::filesystem::path labels;      // absolute, or relative to the working directory: ready to open
    std::filesystem::path audio;       // folder of the clips: sounds, or pictures
    std::optional<ClipPixels> pixels;  // the clips are pictures
    std::string id = "sample_id";
    std::string group = "spot_id";
    std::vector<std::string> classes;          // in the order of the confusion matrix
    std::optional<std::string> label;          // one column of class names, instead of 0/1 columns
    std::optional<std::string> filename;       // column of the clip's file below `audio`
    std::optional<std::string> group_pattern;  // the group is what its first group matches in the file's name
    KeepRows keep = KeepRows::exactly_one;
    std::optional<std::string> label_separator;  // between the names in a cell of `label`
    OnBadClip on_bad_clip = OnBadClip::stop;
    std::optional<std::string> licence;  // of the clips; goes into the models that learn from them

    bool sets() const { return keep != KeepRows::exactly_one; }
};

enum class SplitKind { stratified_group_kfold, stratified };

struct SplitConfig {
    SplitKind kind = SplitKind::stratified_group_kfold;
    std::vector<int> folds{3, 2};
    double rest_share = 0.3;               // stratified: of the clips, that are not trained on
    double test_share = 0.5;               // and of those, that are tested on
    std::vector<std::uint32_t> seeds{42};  // one for all runs, or one per run

    std::uint32_t seed_of_run(int run) const {  // run counts from 0
        return seeds.size() == 1 ? seeds[0] : seeds.at(static_cast<std::size_t>(run));
    }
};

using ImageKind = ClipImage;  // `float` is a word of C++: smooth

struct FeatureConfig {
    ClipKind kind = ClipKind::log_mel;
    int sample_rate = 22050;
    std::optional<double> seconds;  // nothing: clips as they are
    LengthRule length = LengthRule::pad;
    int n_fft = 1024;
    int hop_length = 512;
    int win_length = 0;  // 0: n_fft
    WindowKind window = WindowKind::hann;
    MelScale mel_scale = MelScale::slaney;
    int power = 2;  // 1: magnitudes
    int n_mels = 128;
    double fmin = 20;
    double fmax = 11000;
    double top_db = 80;
    bool absolute = false;  // reference: one
    int n_mfcc = 20;
    PcenSettings pcen;  // rate and hop are those above
    int height = 128;   // size: [height, width]
    int width = 128;
    ImageKind image = ImageKind::smooth;
    bool resize = true;
    std::vector<std::string> channels{"value"};
    bool standardize = false;  // per band, by the training part
    std::optional<ClipPixels>
        pixels;  // data.pixels, where clips are pictures: nothing else but `size` counts

    std::int64_t channel_count() const {
        return pixels ? (*pixels == ClipPixels::rgb ? 3 : 1) : std::ssize(channels);
    }
    Shape clip_shape() const { return {1, height, width, channel_count()}; }
};

// Class weights as written: none, balanced (N / (classes * n_c) of the training part), or one per class.
struct ClassWeights {
    enum class Kind { none, balanced, given } kind = Kind::none;
    std::vector<float> given;  // by class
};

// What training starts from, and which layers learn when.
struct TransferConfig {
    std::filesystem::path init_from;               // a model file; empty: random weights
    std::vector<std::string> layers;               // whose weights are taken; empty: all of them
    bool replace_head = false;                     // but not the last layer's
    std::vector<std::string> freeze;               // layers that don't learn before ...
    int unfreeze_at = LayerTraining::kNever;       // ... this epoch, from 0
    std::map<std::string, double> learning_rates;  // by layer: factors of the learning rate
};

struct ExperimentConfig {
    std::string name;
    int runs = 5;
    static constexpr int kAutoParallelRuns = 0;
    int parallel_runs = kAutoParallelRuns;  // runs that train at the same time
    std::uint64_t seed = 42;
    DeviceChoice device = DeviceChoice::automatic;
    Math math = Math::fp32;
    bool deterministic = true;
    DataConfig data;
    SplitConfig split;
    FeatureConfig features;
    ModelSpec model;
    TransferConfig transfer;
    TrainingSpec training;  // class_weights stay empty here: they follow from `class_weights` and the split
    ClassWeights class_weights;
    bool save_h5 = false;                 // also model.h5
    std::vector<BaselineSpec> baselines;  // instead of features, model and training
    std::string baseline;                 // the one to run; empty: all of them, as a study
    // Figures to print beside the results, by the metric's name in summary.json ("test.weighted_f1").
    std::map<std::string, double> published;
    std::string published_source;

    // Null where the experiment trains a network, or all its baselines.
    const BaselineSpec* chosen_baseline() const { return find_baseline(baselines, baseline); }

    // What the network sees of a clip.
    Shape input_shape() const { return network_inputs(features.clip_shape(), training); }

    std::filesystem::path file;         // where it was read
    std::string text;                   // and what stood there, for experiment.yaml in the results folder
    std::vector<std::string> warnings;  // what is allowed, but hardly meant
};

}  // namespace kickdrum
