// SPDX-License-Identifier: MIT
#include "nn/formats/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "nn/formats/number_types.h"

namespace kickdrum {
namespace {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

using Json = nlohmann::ordered_json;
constexpr const char* kMetadata = "__metadata__";

struct Parsed {
    Json header;
    std::string_view data;
};

Parsed parse(std::string_view bytes) {
    std::uint64_t length = 0;
    require(bytes.size() >= sizeof(length), "not a safetensors file: it has only {} bytes", bytes.size());
    std::memcpy(&length, bytes.data(), sizeof(length));
    require(length <= bytes.size() - sizeof(length),
            "damaged safetensors file: its header should have {} bytes, it has {}", length,
            bytes.size() - sizeof(length));
    Parsed parsed;
    parsed.header = Json::parse(bytes.substr(sizeof(length), length), nullptr, false);
    require(parsed.header.is_object(), "damaged safetensors file: its header isn't JSON");
    parsed.data = bytes.substr(sizeof(length) + length);
    return parsed;
}

std::vector<std::int64_t> extents(const Shape& shape) {
    std::vector<std::int64_t> list;
    for (int axis = 0; axis < shape.rank(); ++axis) list.push_back(shape[axis]);
    return list;
}

NumberType number_type(const std::string& name, const Json& entry) {
    constexpr std::array<std::pair<std::string_view, NumberType>, 4> kTypes{{{"F32", NumberType::f32},
                                                                             {"F64", NumberType::f64},
                                                                             {"F16", NumberType::f16},
                                                                             {"BF16", NumberType::bf16}}};
    const auto dtype = entry.find("dtype");
    require(dtype != entry.end() && dtype->is_string(), "tensor '{}' is of no type", name);
    const auto& word = dtype->get_ref<const std::string&>();
    const auto* const found =
        std::ranges::find(kTypes, word, &std::pair<std::string_view, NumberType>::first);
    require(found != kTypes.end(), "tensor '{}' is of type {}; expected F32, F64, F16 or BF16", name, word);
    return found->second;
}

// A whole number of the header, at most as large as the file has bytes.
std::uint64_t bounded(const std::string& name, const Json& number, std::size_t limit) {
    const bool fits = number.is_number_unsigned() && number.get<std::uint64_t>() <= limit;
    require(fits, "damaged safetensors file: tensor '{}' lies outside of it", name);
    return number.get<std::uint64_t>();
}

Shape shape_of(const std::string& name, const Json& entry, std::size_t limit) {
    const auto list = entry.find("shape");
    require(list != entry.end() && list->is_array(), "tensor '{}' has no shape", name);
    require(list->size() <= Shape::kMaxRank, "tensor '{}' has {} axes; at most {} are read", name,
            list->size(), static_cast<int>(Shape::kMaxRank));
    // A scalar is taken for a vector of one.
    std::array<std::int64_t, Shape::kMaxRank> e{1, 1, 1, 1};
    std::uint64_t count = 1;
    for (std::size_t axis = 0; axis < list->size(); ++axis) {
        const std::uint64_t extent = bounded(name, (*list)[axis], limit);
        require(extent == 0 || count <= limit / extent,
                "damaged safetensors file: tensor '{}' lies outside of it", name);
        count *= extent;
        e[axis] = static_cast<std::int64_t>(extent);
    }
    switch (list->size()) {
        case 4: return {e[0], e[1], e[2], e[3]};
        case 3: return {e[0], e[1], e[2]};
        case 2: return {e[0], e[1]};
        default: return {e[0]};
    }
}

NamedWeights read_tensor(const std::string& name, const Json& entry, std::string_view data) {
    require(entry.is_object(), "damaged safetensors file: '{}' is no tensor", name);
    const NumberType type = number_type(name, entry);
    NamedWeights tensor{.name = name, .shape = shape_of(name, entry, data.size()), .values = {}};
    const auto range = entry.find("data_offsets");
    require(range != entry.end() && range->is_array() && range->size() == 2, "tensor '{}' has no place",
            name);
    const std::uint64_t begin = bounded(name, (*range)[0], data.size());
    const std::uint64_t end = bounded(name, (*range)[1], data.size());
    const auto count = static_cast<std::uint64_t>(tensor.shape.count());
    require(begin <= end && end - begin == count * size_of(type),
            "damaged safetensors file: tensor '{}' lies outside of it", name);
    tensor.values = to_floats(type, data.substr(begin, end - begin));
    return tensor;
}

std::uint64_t begin_of(const Json& entry) {
    return entry["data_offsets"][0].get<std::uint64_t>();
}

Metadata metadata_of(const Json& header) {
    const auto entry = header.find(kMetadata);
    if (entry == header.end()) return {};
    require(entry->is_object(), "damaged safetensors file: its metadata aren't texts by name");
    Metadata metadata;
    for (const auto& [name, text] : entry->items()) {
        require(text.is_string(), "damaged safetensors file: its metadata '{}' are no text", name);
        metadata[name] = text.get<std::string>();
    }
    return metadata;
}

}  // namespace

std::string to_safetensors(std::span<const NamedWeights> tensors, const Metadata& metadata) {
    Json header = Json::object();
    if (!metadata.empty()) header[kMetadata] = metadata;
    std::uint64_t offset = 0;
    for (const auto& tensor : tensors) {
        const auto end = offset + tensor.values.size() * sizeof(float);
        header[tensor.name] = {
            {"dtype", "F32"}, {"shape", extents(tensor.shape)}, {"data_offsets", {offset, end}}};
        offset = end;
    }
    // Texts that aren't UTF-8 came from file names; the file must be read nevertheless.
    std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
    while ((text.size() + sizeof(std::uint64_t)) % 64 != 0) text += ' ';

    const std::uint64_t length = text.size();
    std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
    bytes.reserve(sizeof(length) + length + offset);
    bytes += text;
    for (const auto& tensor : tensors) {
        bytes.append(reinterpret_cast<const char*>(tensor.values.data()),
                     tensor.values.size() * sizeof(float));
    }
    return bytes;
}

Safetensors read_safetensors(std::string_view bytes) {
    const Parsed parsed = parse(bytes);
    Safetensors file{.tensors = {}, .metadata = metadata_of(parsed.header)};
    // Tensors may not share bytes: a small file can't ask for much memory then.
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    std::uint64_t total = 0;
    for (const auto& [name, entry] : parsed.header.items()) {
        if (name == kMetadata) continue;
        NamedWeights tensor = read_tensor(name, entry, parsed.data);
        const auto& range = entry["data_offsets"];
        total += range[1].get<std::uint64_t>() - range[0].get<std::uint64_t>();
        require(total <= parsed.data.size(), "damaged safetensors file: tensor '{}' lies in another one",
                name);
        order.emplace_back(begin_of(entry), file.tensors.size());
        file.tensors.push_back(std::move(tensor));
    }
    std::ranges::stable_sort(order);
    std::vector<NamedWeights> sorted;
    for (const auto& [begin, index] : order) sorted.push_back(std::move(file.tensors[index]));
    file.tensors = std::move(sorted);
    return file;
}

std::string to_safetensors(const ParameterStore& parameters, const Metadata& metadata) {
    return to_safetensors(read_weights(parameters), metadata);
}

void from_safetensors(std::string_view bytes, ParameterStore& parameters) {
    write_weights(read_safetensors(bytes).tensors, parameters);
}

}  // namespace kickdrum
