// SPDX-License-Identifier: MIT
#include "experiments/config/config_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/config/complaints.h"
#include "experiments/data/group_pattern.h"
#include "experiments/data/label_sets.h"
#include "experiments/nearest_name.h"
#include "kernels/device/cuda_status.h"

namespace kickdrum {
namespace {

class Checks : Complaints {
 public:
    Checks(const YamlValue& root, ExperimentConfig& config, const FileOnlyValues& other, Problems& problems)
        : Complaints(root, problems), root_(root), config_(config), other_(other), problems_(problems) {}

    void all() {
        name();
        math();
        split();
        classes();
        sets();
        group_pattern();
        check_baselines(root_, config_, problems_);
        if (!config_.baselines.empty()) return;  // what follows is about networks
        check_features(root_, config_, problems_);
        schedule();
        augment();
        class_weights();
        model();
    }

 private:
    void group_pattern() {
        const auto& pattern = config_.data.group_pattern;
        if (!pattern || !sound("data.group_pattern")) return;
        const std::string reason = reason_against_pattern(*pattern);
        if (!reason.empty()) complain({"data.group_pattern"}, fmt::format("'data.group_pattern' {}", reason));
    }

    void name() {
        const auto usable = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                   c == '_' || c == '-';
        };
        constexpr std::size_t kLongest = 100;
        const std::string& text = config_.name;
        const bool fits = !text.empty() && text.size() <= kLongest && text[0] != '.' && text[0] != '-' &&
                          std::ranges::all_of(text, usable);
        if (fits || !sound("name")) return;
        complain(
            {"name"},
            fmt::format("'name' is '{}', but results go to a folder of this name: use at most {} letters, "
                        "digits, '_', '-' and '.', and begin with a letter, a digit or '_'",
                        text.substr(0, kLongest), kLongest));
    }

    void math() {
        if (config_.math == Math::fp32 || !sound({"math", "device"})) return;
        const std::string words = fmt::format("'math: {}' needs a GPU, and ", value_at(root_, "math")->text);
        if (config_.device == DeviceChoice::cpu) {
            complain({"math"},
                     words + "'device' is cpu, which computes in fp32 only; use fp32 or 'device: cuda'");
        } else if (config_.device == DeviceChoice::automatic) {
            const CudaStatus status = cuda_status();
            if (status.usable()) return;
            complain({"math"}, fmt::format("{}there is none: {}. What to do: {}; or use fp32", words,
                                           status.what, status.remedy));
        }  // cuda: whether it can be had is asked elsewhere
    }

    void split() {
        const YamlValue* seeds = value_at(root_, "split.seeds");
        if (seeds == nullptr || !sound({"runs", "split.seeds"})) return;
        if (value_at(root_, "split.seed") != nullptr) {
            problems_.add(
                seeds->problem("'split.seed' and 'split.seeds' are both given; leave one of them out"));
        } else if (seeds->items.size() != static_cast<std::size_t>(config_.runs)) {
            problems_.add(seeds->problem(fmt::format(
                "'split.seeds' holds {} and 'runs' is {}; give one seed per run, or one 'seed' for all",
                seeds->items.size(), config_.runs)));
        }
    }

    void classes() {
        const std::vector<std::string>& names = config_.data.classes;
        const YamlValue* data = value_at(root_, "data");
        if (data == nullptr || data->kind != YamlValue::Kind::map) return;
        if (config_.data.layout == DataLayout::table && value_at(root_, "data.labels") == nullptr) {
            problems_.add(
                data->problem("'data.labels' is missing (table of the clips: a CSV file with a header)"));
        }
        if (data->find("audio") == nullptr && data->find("images") == nullptr)
            problems_.add(data->problem("'data.audio' is missing (folder of the clips, named by their id)"));
        if (value_at(root_, "data.audio") != nullptr && value_at(root_, "data.images") != nullptr)
            complain({"data.images"},
                     "'data.audio' and 'data.images' are both given; clips are one or the other");
        if (!sound("data.classes")) return;
        if (names.empty()) {
            // All names of that column, or of the folders.
            if (config_.data.label || config_.data.layout == DataLayout::folder_per_class) return;
            complain(
                {"data"},
                "'data.classes' is missing (the classes, as a list of 0/1 columns; or name one column of "
                "class names with 'label')");
        } else if (names.size() == 1) {
            complain({"data.classes"}, "'data.classes' holds one class; a classifier needs two or more");
        }
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto first = std::ranges::find(names, names[i]);
            if (first != names.begin() + static_cast<std::ptrdiff_t>(i)) {
                complain({fmt::format("data.classes.{}", i)},
                         fmt::format("'data.classes' holds '{}' twice", names[i]));
            }
        }
    }

    // Clips with several classes: what a table, a separator and a network must then be like.
    void sets() {
        const DataConfig& data = config_.data;
        if (!sound({"data.keep", "data.label_separator", "data.classes"})) return;
        if (data.label_separator && (data.label_separator->size() != 1 || !data.label || !data.sets())) {
            complain(
                {"data.label_separator"},
                "'data.label_separator' is one character, for 'data.label' with 'data.keep: any' or all");
        }
        if (!data.sets()) return;
        if (data.layout == DataLayout::folder_per_class)
            complain({"data.keep"}, "a folder says one class: 'data.keep' must be exactly_one there");
        if (!config_.baselines.empty())
            complain({"data.keep"}, "baselines learn one class per clip: 'data.keep' must be exactly_one");
        if (data.classes.size() > kMostClassesInSets) {
            complain({"data.classes"}, fmt::format("'data.keep: any' takes up to {} classes, not {}",
                                                   kMostClassesInSets, data.classes.size()));
        }
        for (const auto& name : data.classes) {
            if (name.find(kSetSeparator) == std::string::npos) continue;
            complain({"data.classes"},
                     fmt::format("'data.classes' holds '{}', but '{}' stands between classes", name,
                                 kSetSeparator));
        }
    }

    void augment() {
        const FeatureConfig& f = config_.features;
        const TrainingSpec& training = config_.training;
        if (!sound({"training", "features.size"})) return;
        if (training.input_frames > f.width) {
            complain(
                {"training.input_frames"},
                fmt::format("'training.input_frames' is {}, but a clip has {} frames (features.size); take "
                            "fewer",
                            training.input_frames, f.width));
            return;
        }
        if (training.test_frames > f.width) {
            complain(
                {"training.test_frames"},
                fmt::format("'training.test_frames' is {}, but a clip has {} frames (features.size); take "
                            "fewer",
                            training.test_frames, f.width));
            return;
        }
        const AugmentSpec& spec = training.augment;
        const std::int64_t frames = config_.input_shape()[2];
        if (spec.frequency_masks > 0 && spec.frequency_mask > f.height) {
            complain(
                {"training.augment.frequency_mask"},
                fmt::format("'training.augment.frequency_mask' is {}, but the picture has {} bands; take "
                            "fewer",
                            spec.frequency_mask, f.height));
        }
        if (spec.time_masks > 0 && spec.time_mask > frames) {
            complain(
                {"training.augment.time_mask"},
                fmt::format("'training.augment.time_mask' is {}, but the network sees {} frames; take fewer",
                            spec.time_mask, frames));
        }
    }

    void schedule() {
        const ScheduleSpec& spec = config_.training.schedule;
        if (spec.min_beta_1.has_value() != spec.max_beta_1.has_value() && sound("training.schedule")) {
            complain({"training.schedule"},
                     "'min_beta_1' and 'max_beta_1' belong together: give both, or none");
        }
        if (changes_beta_1(spec) && config_.training.optimizer.kind == OptimizerKind::sgd &&
            sound({"training.schedule", "training.optimizer"})) {
            complain({"training.schedule"},
                     "'min_beta_1' and 'max_beta_1' are of adam and adamw; sgd has no beta_1");
        }
        if (spec.kind != ScheduleKind::step || !sound("training.schedule")) return;
        if ((spec.every_epochs > 0) == !spec.at_epochs.empty()) {
            complain({"training.schedule"},
                     "'training.schedule.step' needs either 'every_epochs' (above 0) or 'at_epochs'");
        }
    }

    void class_weights() {
        if (config_.class_weights.kind != ClassWeights::Kind::given) return;
        if (!sound({"training.class_weights", "data.classes"})) return;
        const YamlValue* weights = value_at(root_, "training.class_weights");
        const std::vector<std::string>& names = config_.data.classes;
        if (names.empty()) {
            problems_.add(weights->problem("weights by class need the classes in 'data.classes'"));
            return;
        }
        for (const auto& entry : weights->entries) {
            if (std::ranges::find(names, entry.key) != names.end()) continue;
            const std::string hint = did_you_mean(entry.key, names);
            problems_.add(entry.problem(fmt::format(
                "'training.class_weights' names '{}', which is no class{}", entry.key,
                hint.empty() ? fmt::format("; the classes are {}", fmt::join(names, ", ")) : hint)));
        }
        for (const auto& class_name : names) {
            const auto weight = other_.class_weights.find(class_name);
            if (weight == other_.class_weights.end()) {
                problems_.add(weights->problem(
                    fmt::format("'training.class_weights' has no weight for class '{}'", class_name)));
            } else {
                config_.class_weights.given.push_back(static_cast<float>(weight->second));
            }
        }
    }

    // Their number is unknown before the table is read: what the last layer says, or two for `units:
    // classes`.
    static int supposed_classes(const LayerSpec& last) {
        const auto* dense = std::get_if<DenseLayerSpec>(&last.kind);
        return dense != nullptr && dense->units != DenseLayerSpec::kClasses ? dense->units : 2;
    }

    // Walks through the network with the shapes that a clip will have.
    void model() {
        if (config_.model.empty() ||
            !sound({"model", "features.size", "features.channels", "training.input_frames",
                    "training.test_frames", "data.classes"})) {
            return;
        }
        if (config_.data.sets() && !take_sigmoid_head(config_.model)) {
            complain(
                {"model"},
                "with 'data.keep: any' or all the last layer must be 'dense: {units: classes, activation: "
                "sigmoid}': a clip may have several classes");
            return;
        }
        const int classes = config_.data.classes.empty() ? supposed_classes(config_.model.back())
                                                         : static_cast<int>(config_.data.classes.size());
        try {
            const auto seen = describe_model(config_.model, config_.input_shape(), classes);
            const Shape tested = evaluation_inputs(config_.features.clip_shape(), config_.training);
            if (parameter_count(describe_model(config_.model, tested, classes)) != parameter_count(seen)) {
                complain({"training.test_frames"},
                         fmt::format(
                             "this network can't see {} frames in evaluations and {} in training: its dense "
                             "layers would need other weights; put a global pooling before them, or "
                             "make 'training.test_frames' equal to 'training.input_frames'",
                             tested[2], config_.input_shape()[2]));
            }
        } catch (const ModelError& error) {
            problems_.add({.message = error.what(),
                           .file = error.line > 0 ? root_.source : source_of_change("model"),
                           .line = error.line,
                           .column = error.column});
        } catch (const InvalidArgument& error) {
            complain({"model"}, error.what());
        }
    }

    // The override below this path, for a layer that has no line.
    std::string source_of_change(const std::string& path) const {
        const YamlValue* value = value_at(root_, path);
        return value == nullptr ? root_.source : overriding_source(*value).value_or(root_.source);
    }
    std::optional<std::string> overriding_source(const YamlValue& value) const {
        if (value.source != root_.source) return value.source;
        for (const auto& item : value.items) {
            if (auto source = overriding_source(item)) return source;
        }
        for (const auto& entry : value.entries) {
            if (auto source = overriding_source(entry.value)) return source;
        }
        return std::nullopt;
    }

    const YamlValue& root_;
    ExperimentConfig& config_;
    const FileOnlyValues& other_;
    Problems& problems_;
};

}  // namespace

void check_config(const YamlValue& root, ExperimentConfig& config, const FileOnlyValues& other,
                  Problems& problems) {
    Checks(root, config, other, problems).all();
}

}  // namespace kickdrum
