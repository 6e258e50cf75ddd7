// SPDX-License-Identifier: MIT
#include "experiments/models/model_description.h"

#include <limits>

#include "experiments/config/config_checks.h"
#include "experiments/config/experiment_fields.h"
#include "experiments/config/yaml_builder.h"
#include "experiments/config/yaml_reader.h"

namespace kickdrum {
namespace {

constexpr IntegerRange kExtent{1, 65'536};

void description_fields(Fields& fields, ModelFile& model, std::vector<std::int64_t>& clip) {
    fields.texts({"classes", "the classes, in the order of the outputs", true}, model.classes);
    fields.integers({"clip", "height, width and channels of an input"}, clip, kExtent, 3);
    int pixels = model.features && model.features->pixels ? static_cast<int>(*model.features->pixels) : -1;
    fields.choice<int>({"pixels", "of pictures that were read as such, not made of sound"}, pixels,
                       {{"none", -1},
                        {"grey", static_cast<int>(ClipPixels::grey)},
                        {"rgb", static_cast<int>(ClipPixels::rgb)}});
    fields.optional_block<FeatureConfig>({"features", "the spectrogram"}, model.features,
                                         [pixels](Fields& block, FeatureConfig& features) {
                                             if (pixels >= 0)
                                                 features.pixels = static_cast<ClipPixels>(pixels);
                                             feature_fields(block, features);
                                         });
    fields.integer_or_word({"input_frames", "frames that the network sees at a time"}, model.input_frames,
                           {1, 4096}, "all", std::int64_t{0});
    fields.integer({"test_rolls", "places of a clip over which a prediction averages"}, model.test_rolls,
                   {1, 64});
    fields.layers({"model", "the network: a list of layers", true}, model.network.model);
}

void throw_first(const Problems& problems) {
    if (problems.empty()) return;
    throw InvalidArgument("its description of the network can't be read: " + problems.list().front().message);
}

void check(const YamlValue& root, ModelFile& model, const std::vector<std::int64_t>& clip,
           Problems& problems) {
    if (model.features) {
        ExperimentConfig config;
        config.features = *model.features;
        check_features(root, config, problems);
        model.features = config.features;
    }
    throw_first(problems);
    require(clip.size() == 3, "its description doesn't say what an input is");
    const Shape stored{1, clip[0], clip[1], clip[2]};
    require(!model.features || model.features->clip_shape() == stored,
            "its features give inputs of shape {}, its network takes {}",
            to_string(model.features ? model.features->clip_shape() : Shape{}), to_string(stored));
    require(model.input_frames <= stored[2], "it takes {} frames of {}", model.input_frames, stored[2]);
    model.network.input = stored;
    if (model.input_frames > 0) model.network.input = {1, stored[1], model.input_frames, stored[3]};
    model.network.classes = static_cast<int>(model.classes.size());
}

}  // namespace

std::string describe(const ModelFile& model) {
    ModelFile values = model;  // the fields also read into it
    values.network.weights.clear();
    const Shape stored = model.clip_shape();
    std::vector<std::int64_t> clip{stored[1], stored[2], stored[3]};
    YamlValue root = YamlValue::map();
    YamlBuilder builder(root);
    description_fields(builder, values, clip);
    return to_yaml(root);
}

void read_description(const std::string& text, ModelFile& model) {
    Problems problems;
    const auto root = parse_yaml(text, "model", problems);
    throw_first(problems);
    require(root && root->kind == YamlValue::Kind::map, "its description of the network is no block of keys");
    std::vector<std::int64_t> clip;
    YamlReader reader(*root, "", problems);
    description_fields(reader, model, clip);
    reader.finish();
    take_sigmoid_head(model.network.model);
    check(*root, model, clip, problems);
}

}  // namespace kickdrum
