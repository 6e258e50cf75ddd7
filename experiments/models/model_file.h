// SPDX-License-Identifier: MIT
// A trained model as a file keeps it: the network with its weights, and all that turns audio into its
// inputs and its outputs into classes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "nn/inference/predictor.h"
#include "nn/model/network.h"

namespace kickdrum {

struct ModelFile {
    Network network;
    std::vector<std::string> classes;       // names by number
    std::optional<FeatureConfig> features;  // none: a file of another program doesn't say
    std::int64_t input_frames = 0;          // that the network sees at a time; 0: all
    int test_rolls = 1;
    BandStatistics bands;  // to standardise by; empty: inputs as they are
    // Where it came from, by name: "experiment", "run", "seed", "best_epoch", "kickdrum_version",
    // "experiment_file" (its text), "licence", ...
    std::map<std::string, std::string> facts;

    // What the network's inputs are made of: [1, height, width, channels].
    Shape clip_shape() const;
    InferenceSpec inference(int batch_size) const;
};

// The bytes of a .safetensors, .h5 or .keras file, whatever its name says. Throws InvalidArgument where they
// aren't a model.
ModelFile model_of_bytes(std::string_view bytes);

// Throws UserError that names the file: exit code 2 where it isn't there, 3 where it can't be used.
ModelFile read_model(const std::filesystem::path& file);

// A file of safetensors, and Keras' .h5 (nn/formats/keras_file.h). From either alone, audio can be labelled.
std::string to_safetensors(const ModelFile& model);
std::string to_keras_h5(const ModelFile& model);
// ONNX (nn/formats/onnx.h), to be run elsewhere: it takes what the network sees at a time, and knows no rolls.
std::string to_onnx(const ModelFile& model);

}  // namespace kickdrum
