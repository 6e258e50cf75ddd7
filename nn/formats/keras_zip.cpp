// SPDX-License-Identifier: MIT
// The archive of Keras 3: config.json, metadata.json and model.weights.h5, in which the weights of a layer
// are layers/<its type in snake case>[_<number>]/vars/0, 1, ... Nothing is unpacked to the disk.
#include <zip.h>

#include <cctype>
#include <map>
#include <memory>

#include "nn/formats/hdf5_file.h"
#include "nn/formats/keras_file.h"
#include "nn/formats/keras_graph.h"

namespace kickdrum {
namespace {

constexpr zip_uint64_t kMostExpansion = 1032;
constexpr zip_int64_t kMostEntries = 10'000;

struct CloseArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

// The bytes must outlive the archive.
Archive open_archive(std::string_view bytes) {
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr);
    require(source != nullptr, "out of memory");
    Archive archive(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, nullptr));
    if (!archive) zip_source_free(source);
    require(archive != nullptr, "damaged zip archive: it's cut off, or its directory can't be read");
    return archive;
}

bool leads_out(const std::string& name) {
    return name.empty() || name.front() == '/' || name.find('\\') != std::string::npos ||
           ("/" + name + "/").find("/../") != std::string::npos;
}

void require_plain_names(zip_t* archive) {
    const zip_int64_t count = zip_get_num_entries(archive, 0);
    require(count >= 0 && count <= kMostEntries, "the archive has {} files; at most {} are read", count,
            kMostEntries);
    for (zip_int64_t i = 0; i < count; ++i) {
        const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
        require(name != nullptr && !leads_out(name), "the archive has a file '{}', which leads out of it",
                name == nullptr ? "" : name);
    }
}

std::string entry(zip_t* archive, const char* name, std::size_t archive_bytes) {
    zip_stat_t stat;
    require(zip_stat(archive, name, 0, &stat) == 0 && (stat.valid & ZIP_STAT_SIZE) != 0,
            "the archive has no '{}'; is it a .keras file?", name);
    require(stat.size <= archive_bytes * kMostExpansion,
            "'{}' should have {} bytes, more than the archive holds", name, stat.size);
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen(archive, name, 0), zip_fclose);
    require(file != nullptr, "damaged zip archive: '{}' can't be read", name);
    // The size is only believed as far as bytes really come.
    constexpr std::size_t kStep = std::size_t{1} << 20U;
    std::string bytes;
    while (true) {
        const std::size_t before = bytes.size();
        bytes.resize(before + kStep);
        const zip_int64_t count = zip_fread(file.get(), bytes.data() + before, kStep);
        require(count >= 0 && before + static_cast<std::size_t>(count) <= stat.size,
                "damaged zip archive: '{}' can't be read", name);
        bytes.resize(before + static_cast<std::size_t>(count));
        if (count == 0) return bytes;
    }
}

// "max_pooling2d" of "MaxPooling2D": an underscore before a capital that begins a word, and after a lower
// letter or digit before a capital; "Conv2D" is "conv2d".
std::string snake_case(const std::string& type) {
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    std::string name;
    for (std::size_t i = 0; i < type.size(); ++i) {
        const bool begins_word = i > 0 && upper(type[i]) && i + 1 < type.size() && lower(type[i + 1]);
        const bool follows_lower = i > 0 && upper(type[i]) && lower(type[i - 1]);
        if (begins_word || follows_lower) name += '_';
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(type[i])));
    }
    return name;
}

std::vector<NamedWeights> read_weights_of(const Hdf5Reader& file, const KerasArchitecture& keras) {
    std::map<std::string, int> used;
    std::vector<NamedWeights> weights;
    for (const auto& layer : keras.weights) {
        std::string folder = snake_case(layer.type);
        const int number = used[folder]++;
        if (number > 0) folder += "_" + std::to_string(number);
        for (std::size_t i = 0; i < layer.weights.size(); ++i) {
            auto data =
                file.dataset("layers/" + folder + "/vars/" + std::to_string(i), layer.weights[i].shape);
            weights.push_back({layer.weights[i].name, data.shape, std::move(data.values)});
        }
    }
    return weights;
}

}  // namespace

bool is_zip(std::string_view bytes) {
    return bytes.starts_with("PK\x03\x04");
}

KerasFile read_keras_zip(std::string_view bytes) {
    const Archive archive = open_archive(bytes);
    require_plain_names(archive.get());
    const KerasArchitecture keras = from_keras(entry(archive.get(), "config.json", bytes.size()));
    const std::string weights = entry(archive.get(), "model.weights.h5", bytes.size());
    const Hdf5Reader file(weights);
    const auto rows = weight_rows(keras.model, keras.input, keras.classes);
    return {.network = {.model = keras.model,
                        .input = keras.input,
                        .classes = keras.classes,
                        .weights = matched_weights(read_weights_of(file, keras), rows),
                        .optimizer = {}},
            .note = {}};
}

}  // namespace kickdrum
