// SPDX-License-Identifier: MIT
#include "experiments/models/model_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>

#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/models/model_description.h"
#include "nn/formats/hdf5_file.h"
#include "nn/formats/keras_file.h"
#include "nn/formats/onnx.h"
#include "nn/formats/safetensors.h"

namespace kickdrum {
namespace {

// The keys of the metadata that aren't facts.
constexpr const char* kFormat = "format";
constexpr const char* kDescription = "model";
constexpr const char* kBandMean = "band_mean";
constexpr const char* kBandScale = "band_scale";

// Hexadecimal: every float comes back as it was.
std::string numbers_text(const std::vector<float>& values) {
    return fmt::format("{:a}", fmt::join(values, " "));
}

std::vector<float> numbers_of(std::string_view text) {
    std::vector<float> values;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        const bool negative = word.starts_with('-');
        std::string_view digits = word.substr(negative ? 1 : 0);
        require(digits.starts_with("0x"), "damaged model file: '{}' among its bands' statistics", word);
        digits.remove_prefix(2);
        float value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::hex);
        require(error == std::errc() && end == digits.data() + digits.size(),
                "damaged model file: '{}' among its bands' statistics", word);
        values.push_back(negative ? -value : value);
    }
    return values;
}

std::string taken(Metadata& metadata, const char* key) {
    const auto node = metadata.extract(key);
    return node.empty() ? std::string() : node.mapped();
}

void check_bands(const ModelFile& model) {
    const Shape clip = model.clip_shape();
    const auto bands = static_cast<std::size_t>(clip[1] * clip[3]);
    for (const auto* table : {&model.bands.mean, &model.bands.scale}) {
        require(
            model.bands.mean.size() == model.bands.scale.size() && (table->empty() || table->size() == bands),
            "damaged model file: statistics of {} bands, but its inputs have {}", table->size(), bands);
    }
}

// All but the weights.
Metadata metadata_of(const ModelFile& model) {
    Metadata metadata = model.facts;
    metadata[kFormat] = "kickdrum";
    metadata[kDescription] = describe(model);
    if (!model.bands.mean.empty()) {  // by [band, channel], the highest band first
        metadata[kBandMean] = numbers_text(model.bands.mean);
        metadata[kBandScale] = numbers_text(model.bands.scale);
    }
    return metadata;
}

// And back, with the weights.
ModelFile model_of(Metadata metadata, std::vector<NamedWeights> weights) {
    const std::string description = taken(metadata, kDescription);
    require(taken(metadata, kFormat) == "kickdrum" && !description.empty(),
            "the file holds weights, but no description of their network; Kickdrum reads the "
            "model.safetensors that it writes");
    ModelFile model;
    read_description(description, model);
    model.bands = {.mean = numbers_of(taken(metadata, kBandMean)),
                   .scale = numbers_of(taken(metadata, kBandScale))};
    check_bands(model);
    const auto rows = weight_rows(model.network.model, model.network.input, model.network.classes);
    model.network.weights = matched_weights(std::move(weights), rows);
    model.facts = std::move(metadata);
    return model;
}

Metadata metadata_of_note(const std::string& note) {
    const auto json = nlohmann::ordered_json::parse(note, nullptr, false);
    require(json.is_object(), "damaged file: what Kickdrum left in it isn't JSON");
    Metadata metadata;
    for (const auto& [name, text] : json.items()) {
        require(text.is_string(), "damaged file: '{}' among what Kickdrum left in it is no text", name);
        metadata[name] = text.get<std::string>();
    }
    return metadata;
}

// Keras knows neither the classes' names nor the features.
ModelFile model_of(KerasFile file) {
    ModelFile model;
    if (file.note) {
        model = model_of(metadata_of_note(*file.note), std::move(file.network.weights));
        model.network.optimizer = std::move(file.network.optimizer);
        return model;
    }
    model.network = std::move(file.network);
    for (int i = 1; i <= model.network.classes; ++i) model.classes.push_back(fmt::format("class_{}", i));
    return model;
}

}  // namespace

Shape ModelFile::clip_shape() const {
    return features ? features->clip_shape() : network.input;
}

InferenceSpec ModelFile::inference(int batch_size) const {
    return {.clip = clip_shape(),
            .input_frames = input_frames,
            .bands = bands,
            .test_rolls = test_rolls,
            .batch_size = batch_size};
}

ModelFile model_of_bytes(std::string_view bytes) {
    if (is_hdf5(bytes)) return model_of(read_keras_h5(bytes));
    if (is_zip(bytes)) return model_of(read_keras_zip(bytes));
    Safetensors file = read_safetensors(bytes);
    return model_of(std::move(file.metadata), std::move(file.tensors));
}

ModelFile read_model(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        const bool folder = std::filesystem::is_directory(file, error);
        throw UserError(ExitCode::usage, {{.message = folder ? "this is a folder; name the model file in it"
                                                             : "there is no such file",
                                           .file = file.string()}});
    }
    const std::string bytes = read_file(file);
    try {
        return model_of_bytes(bytes);
    } catch (const InvalidArgument& damage) {
        throw UserError(ExitCode::data, {{.message = damage.what(), .file = file.string()}});
    }
}

std::string to_safetensors(const ModelFile& model) {
    return to_safetensors(model.network.weights, metadata_of(model));
}

std::string to_onnx(const ModelFile& model) {
    return to_onnx(model.network, model.bands, metadata_of(model));
}

std::string to_keras_h5(const ModelFile& model) {
    const nlohmann::ordered_json note = metadata_of(model);
    return to_keras_h5(model.network,
                       note.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace kickdrum
