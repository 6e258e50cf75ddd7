// SPDX-License-Identifier: MIT
#include "experiments/config/experiment_fields.h"

namespace kickdrum {
namespace {

constexpr IntegerRange kRuns{1, 1000};
constexpr NumberRange kPartShare{.low = 0, .high = 1, .without_low = true, .without_high = true};
constexpr IntegerRange kSeeds{0, std::numeric_limits<std::int64_t>::max()};
constexpr IntegerRange kSplitSeeds{0, std::numeric_limits<std::uint32_t>::max()};  // as numpy's RandomState

void data_fields(Fields& fields, DataConfig& data) {
    std::optional<std::string> labels;
    if (!data.labels.empty()) labels = data.labels.string();
    std::optional<std::string> audio;
    std::optional<std::string> images;
    if (!data.audio.empty()) (data.pixels ? images : audio) = data.audio.string();
    fields.choice<DataLayout>(
        {"layout", "where the classes stand"}, data.layout,
        {{"table", DataLayout::table}, {"folder_per_class", DataLayout::folder_per_class}});
    fields.optional_text({"labels", "table of the clips: a CSV file with a header"}, labels);
    fields.optional_text({"audio", "folder of the clips, named by their id"}, audio);
    fields.optional_text({"images", "folder of pictures (PNG, JPEG), instead of `audio`"}, images);
    auto pixels = data.pixels.value_or(ClipPixels::grey);
    if (!audio || images) {
        fields.choice<ClipPixels>({"pixels", "what is taken of pictures"}, pixels,
                                  {{"grey", ClipPixels::grey}, {"rgb", ClipPixels::rgb}});
    }
    data.labels = labels.value_or("");
    data.audio = audio.value_or(images.value_or(""));
    data.pixels.reset();
    if (images) data.pixels = pixels;
    fields.text({"id", "column of the clip's name: its file name without extension"}, data.id);
    fields.text({"group", "column of the track: clips of one group never fall into two parts"}, data.group);
    fields.texts({"classes", "the classes, in the order of the confusion matrix"}, data.classes);
    fields.optional_text({"label", "column of class names, instead of one 0/1 column per class"}, data.label);
    fields.optional_text({"filename", "column of the clip's file below `audio`, instead of <id>.<extension>"},
                         data.filename);
    fields.optional_text(
        {"group_pattern", "regular expression on the file's name: its first group is the track"},
        data.group_pattern);
    fields.optional_text({"label_separator", "one character between the names in a cell of `label`"},
                         data.label_separator);
    fields.choice<KeepRows>(
        {"keep", "which rows count: with one class, with one or several, or with any number of them"},
        data.keep, {{"exactly_one", KeepRows::exactly_one}, {"any", KeepRows::any}, {"all", KeepRows::all}});
    fields.choice<OnBadClip>({"on_bad_clip", "what to do with audio that is missing or can't be read"},
                             data.on_bad_clip, {{"stop", OnBadClip::stop}, {"skip", OnBadClip::skip}});
    fields.optional_text({"licence", "of the clips: a note that goes into the models that learn from them"},
                         data.licence);
}

void split_fields(Fields& fields, SplitConfig& split) {
    fields.choice<SplitKind>({"kind", "how clips are dealt out"}, split.kind,
                             {{"stratified_group_kfold", SplitKind::stratified_group_kfold},
                              {"stratified", SplitKind::stratified}});
    fields.number({"rest_share", "share of the clips that are not trained on, for kind: stratified"},
                  split.rest_share, kPartShare);
    fields.number({"test_share", "share of those that are tested on, for kind: stratified"}, split.test_share,
                  kPartShare);
    std::vector<std::int64_t> folds(split.folds.begin(), split.folds.end());
    fields.integers({"folds", "first fold of the first number: train | rest; of the second: val | test"},
                    folds, {2, 1000}, 2);
    split.folds.assign(folds.begin(), folds.end());

    std::optional<std::int64_t> seed;
    std::vector<std::int64_t> seeds;
    if (split.seeds.size() == 1) {
        seed = split.seeds.front();
    } else {
        seeds.assign(split.seeds.begin(), split.seeds.end());
    }
    fields.optional_integer({"seed", "one split for all runs"}, seed, kSplitSeeds);
    fields.integers({"seeds", "one split per run, instead of `seed`"}, seeds, kSplitSeeds);
    if (seeds.empty()) seeds.push_back(*seed);
    split.seeds.assign(seeds.begin(), seeds.end());
}

void pcen_fields(Fields& fields, PcenSettings& pcen) {
    fields.number({"gain", "0: none; 1: all slow changes of level are taken out"}, pcen.gain,
                  {.low = 0, .high = 1});
    fields.number({"bias", "added before the root"}, pcen.bias, {.low = 0, .without_low = true});
    fields.number({"power", "the root's exponent"}, pcen.power, {.low = 0, .high = 1, .without_low = true});
    fields.number({"time_constant", "seconds over which the level is averaged"}, pcen.time_constant,
                  {.low = 0, .high = 3600, .without_low = true});
    fields.number({"eps", "added to the level, so that silence stays finite"}, pcen.eps,
                  {.low = 0, .without_low = true});
}

void size_field(Fields& fields, FeatureConfig& features) {
    Extent2d size{features.height, features.width};
    fields.extent({"size", "height (mels) and width (frames) of the picture"}, size, {1, 4096});
    features.height = size.h;
    features.width = size.w;
}

void standardize_field(Fields& fields, FeatureConfig& features) {
    fields.choice<bool>({"standardize", "each band to mean 0 and deviation 1 over the training part"},
                        features.standardize, {{"none", false}, {"per_band", true}});
}

void picture_fields(Fields& fields, FeatureConfig& features) {
    size_field(fields, features);
    standardize_field(fields, features);
}

}  // namespace

void feature_fields(Fields& fields, FeatureConfig& features) {
    if (features.pixels) {
        picture_fields(fields, features);
        return;
    }
    fields.choice<ClipKind>(
        {"kind", "what the network sees"}, features.kind,
        {{"log_mel", ClipKind::log_mel}, {"pcen", ClipKind::pcen}, {"mfcc", ClipKind::mfcc}});
    fields.integer({"sample_rate", "Hz; clips are resampled to it"}, features.sample_rate, {1000, 192'000});
    fields.number_or_none({"seconds", "length that every clip is brought to"}, features.seconds,
                          {.low = 0, .high = 86'400, .without_low = true});
    fields.choice<LengthRule>({"length", "what becomes of clips of another length"}, features.length,
                              {{"pad", LengthRule::pad},
                               {"crop", LengthRule::crop},
                               {"loop", LengthRule::loop},
                               {"error", LengthRule::error}});
    fields.integer({"n_fft", "samples in a window of the spectrogram"}, features.n_fft, {16, 65'536});
    fields.integer({"hop_length", "samples between two windows"}, features.hop_length, {1, 65'536});
    fields.integer_or_word({"win_length", "samples of the window, with zeros around up to n_fft"},
                           features.win_length, {16, 65'536}, "n_fft", 0);
    fields.choice<WindowKind>(
        {"window", "the window's form"}, features.window,
        {{"hann", WindowKind::hann}, {"hamming", WindowKind::hamming}, {"blackman", WindowKind::blackman}});
    fields.integer({"power", "2: bands of powers; 1: of magnitudes"}, features.power, {1, 2});
    fields.integer({"n_mels", "mel bands"}, features.n_mels, {1, 2048});
    fields.choice<MelScale>({"mel_scale", "Slaney's, as librosa's default, or HTK's"}, features.mel_scale,
                            {{"slaney", MelScale::slaney}, {"htk", MelScale::htk}});
    fields.number({"fmin", "Hz; lower end of the lowest band"}, features.fmin, {.low = 0});
    fields.number({"fmax", "Hz; upper end of the highest band"}, features.fmax,
                  {.low = 0, .without_low = true});
    fields.number({"top_db", "dB below the clip's loudest cell that are kept"}, features.top_db,
                  {.low = 0, .high = 1000, .without_low = true});
    fields.choice<bool>({"reference", "what 0 dB is: the clip's own maximum, or 1"}, features.absolute,
                        {{"max", false}, {"one", true}});
    fields.integer({"n_mfcc", "coefficients, for kind: mfcc"}, features.n_mfcc, {1, 2048});
    fields.block({"pcen", "per-channel energy normalisation, for kind: pcen"},
                 [&](Fields& block) { pcen_fields(block, features.pcen); });
    size_field(fields, features);
    fields.choice<bool>({"resize", "whether the spectrogram is resized to the picture, or cut or padded"},
                        features.resize, {{"area", true}, {"none", false}});
    fields.choice<ImageKind>({"image", "how the spectrogram becomes a picture"}, features.image,
                             {{"float", ImageKind::smooth}, {"specshow_gray", ImageKind::specshow_gray}});
    fields.texts({"channels", "what the picture's channels hold"}, features.channels);
    standardize_field(fields, features);
}

namespace {

void transfer_fields(Fields& fields, TransferConfig& transfer) {
    fields.texts({"layers", "layers whose weights are taken, by name or number"}, transfer.layers);
    fields.boolean({"replace_head", "leave the last layer out: it begins anew"}, transfer.replace_head);
    fields.texts({"freeze", "layers that don't learn"}, transfer.freeze);
    fields.integer_or_word({"unfreeze_at", "epoch (from 0) at which they begin to"}, transfer.unfreeze_at,
                           {0, 1'000'000}, "never", LayerTraining::kNever);
    std::size_t chosen = transfer.learning_rates.empty() ? 0 : 1;
    fields.word_or_numbers({"learning_rates", "factors of the learning rate, by layer"}, chosen, {{"none"}},
                           transfer.learning_rates, {.low = 0, .high = 1000, .without_low = true});
}

}  // namespace

std::vector<std::string> published_metrics() {
    std::vector<std::string> names;
    for (const std::string part : {"test", "val", "train"}) {
        for (const std::string metric : {"weighted_f1", "macro_f1", "accuracy", "loss"}) {
            names.push_back(part + '.' + metric);
        }
    }
    for (const auto* name : {"best_epoch", "epochs", "test.multi_label_weighted_f1"})
        names.emplace_back(name);
    return names;
}

namespace {

void published_fields(Fields& fields, ExperimentConfig& config) {
    fields.text({"source", "where the figures stand", true}, config.published_source);
    fields.other_numbers(published_metrics(), "mean over the runs", config.published);
}

}  // namespace

void experiment_fields(Fields& fields, ExperimentConfig& config, FileOnlyValues& other) {
    fields.text({.name = "name",
                 .meaning = "name of the experiment and of its results folder; default: the file's name",
                 .derived = true},
                config.name);
    fields.integer({"runs", "number of trainings, each with random streams of its own"}, config.runs, kRuns);
    fields.integer_or_word({"parallel_runs", "trainings at the same time; the results don't depend on it"},
                           config.parallel_runs, kRuns, "auto", ExperimentConfig::kAutoParallelRuns);
    fields.integer({"seed", "from which all random numbers of the runs follow"}, config.seed, kSeeds);
    fields.choice<DeviceChoice>(
        {"device", "where to compute"}, config.device,
        {{"auto", DeviceChoice::automatic}, {"cpu", DeviceChoice::cpu}, {"cuda", DeviceChoice::cuda}});
    fields.choice<Math>({"math", "arithmetic of convolutions and dense layers"}, config.math,
                        {{"fp32", Math::fp32}, {"tf32", Math::tf32}, {"bf16", Math::bf16}});
    fields.boolean({"deterministic", "the same bits for the same file and seed"}, config.deterministic);
    fields.block({"data", "the clips", true}, [&](Fields& block) { data_fields(block, config.data); });
    config.features.pixels = config.data.pixels;
    fields.block({"split", "training, validation and test part"},
                 [&](Fields& block) { split_fields(block, config.split); });
    const bool has_network = config.baselines.empty();  // as long as the file isn't read: perhaps
    baseline_fields(fields, config);
    if (has_network) {
        fields.block({"features", "the spectrogram"},
                     [&](Fields& block) { feature_fields(block, config.features); });
        fields.layers({"model", "the network: a list of layers"}, config.model);
        std::optional<std::string> init_from;
        if (!config.transfer.init_from.empty()) init_from = config.transfer.init_from.string();
        fields.optional_text({"init_from", "a model file whose weights training starts from"}, init_from);
        config.transfer.init_from = init_from.value_or("");
        fields.block({"transfer", "what is taken of it, and which layers learn when"},
                     [&](Fields& block) { transfer_fields(block, config.transfer); });
        fields.block({"training", "how the network is trained"},
                     [&](Fields& block) { training_fields(block, config, other); });
    }
    fields.block({"published", "figures to print beside the results"},
                 [&](Fields& block) { published_fields(block, config); });
}

}  // namespace kickdrum
