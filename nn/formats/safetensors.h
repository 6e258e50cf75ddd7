// SPDX-License-Identifier: MIT
// The safetensors format: 8 bytes little-endian header length, a JSON header {"name": {"dtype", "shape",
// "data_offsets"}, "__metadata__": {text: text}}, then the tensors' bytes, little-endian and back to back.
// Bytes in, bytes out: files are the caller's business.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/model/network.h"

namespace kickdrum {

using Metadata = std::map<std::string, std::string>;

struct Safetensors {
    std::vector<NamedWeights> tensors;  // by their place in the file
    Metadata metadata;
};

// All as F32; padded header so that the data starts on 64 bytes.
std::string to_safetensors(std::span<const NamedWeights> tensors, const Metadata& metadata);

// Reads F32, F64, F16 and BF16, as float. Nothing that the header says is trusted: throws InvalidArgument,
// and takes no more memory than a few times the file's size, where the header is damaged, or a tensor is of
// another type, of more than four axes, or doesn't lie in the file as its shape says.
Safetensors read_safetensors(std::string_view bytes);

// All parameters and state of a store, and back. The latter changes nothing where it throws.
std::string to_safetensors(const ParameterStore& parameters, const Metadata& metadata);
void from_safetensors(std::string_view bytes, ParameterStore& parameters);

}  // namespace kickdrum
