// SPDX-License-Identifier: MIT
#include "nn/formats/safetensors.h"

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

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

// Where the bytes of `parameter` lie in the file, after checking everything about them.
std::string_view find_tensor(const Parsed& parsed, const Parameter& parameter) {
    const auto entry = parsed.header.find(parameter.name);
    require(entry != parsed.header.end() && entry->is_object(), "the file has no tensor '{}'",
            parameter.name);
    require(entry->value("dtype", "") == "F32", "tensor '{}' is {}, expected F32", parameter.name,
            entry->value("dtype", "of no type"));
    const auto shape = entry->value("shape", std::vector<std::int64_t>{});
    require(shape == extents(parameter.shape), "tensor '{}' has shape {}, expected {}", parameter.name,
            Json(shape).dump(), to_string(parameter.shape));
    const auto range = entry->value("data_offsets", std::vector<std::uint64_t>{});
    const auto size = static_cast<std::uint64_t>(parameter.shape.count()) * sizeof(float);
    require(range.size() == 2 && range[0] <= range[1] && range[1] <= parsed.data.size() &&
                range[1] - range[0] == size,
            "damaged safetensors file: tensor '{}' lies outside of it", parameter.name);
    return parsed.data.substr(range[0], size);
}

}  // namespace

std::string to_safetensors(const ParameterStore& parameters,
                           const std::map<std::string, std::string>& metadata) {
    Json header = Json::object();
    if (!metadata.empty()) header[kMetadata] = metadata;
    std::uint64_t offset = 0;
    for (const auto& parameter : parameters.parameters()) {
        const auto end = offset + static_cast<std::uint64_t>(parameter.shape.count()) * sizeof(float);
        header[parameter.name] = {
            {"dtype", "F32"}, {"shape", extents(parameter.shape)}, {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    while ((text.size() + sizeof(std::uint64_t)) % 64 != 0) text += ' ';

    const std::uint64_t length = text.size();
    std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
    bytes.reserve(sizeof(length) + length + offset);
    bytes += text;
    for (const auto& parameter : parameters.parameters()) {
        const std::vector<float> values = parameters.read(parameter);
        bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    }
    return bytes;
}

void from_safetensors(std::string_view bytes, ParameterStore& parameters) {
    const Parsed parsed = parse(bytes);
    std::vector<std::string_view> tensors;
    std::set<std::string> names{kMetadata};
    for (const auto& parameter : parameters.parameters()) {
        tensors.push_back(find_tensor(parsed, parameter));
        names.insert(parameter.name);
    }
    for (const auto& [name, entry] : parsed.header.items()) {
        require(names.count(name) > 0, "the file has a tensor '{}' that this network has not", name);
    }
    std::size_t index = 0;
    std::vector<float> values;  // the file's bytes lie at any address
    for (const auto& parameter : parameters.parameters()) {
        const std::string_view tensor = tensors[index++];
        values.resize(tensor.size() / sizeof(float));
        std::memcpy(values.data(), tensor.data(), tensor.size());
        parameters.write(parameter, values);
    }
}

std::map<std::string, std::string> safetensors_metadata(std::string_view bytes) {
    const Parsed parsed = parse(bytes);
    const auto entry = parsed.header.find(kMetadata);
    if (entry == parsed.header.end()) return {};
    return entry->get<std::map<std::string, std::string>>();
}

}  // namespace kickdrum
