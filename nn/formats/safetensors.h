// SPDX-License-Identifier: MIT
// The safetensors format: 8 bytes little-endian header length, a JSON header {"name": {"dtype", "shape",
// "data_offsets"}, "__metadata__": {text: text}}, then the tensors' bytes, little-endian and back to back.
// Bytes in, bytes out: files are the caller's business.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "nn/model/parameter_store.h"

namespace kickdrum {

// All parameters and state under their names, f32, convolutions as HWIO on every device; padded header so
// that the data starts on 64 bytes.
std::string to_safetensors(const ParameterStore& parameters,
                           const std::map<std::string, std::string>& metadata);

// Fills every parameter from the file's bytes. Throws InvalidArgument, and changes nothing, where the header
// is damaged, a tensor is missing, has another shape or isn't F32, or one is left over.
void from_safetensors(std::string_view bytes, ParameterStore& parameters);

// The texts that were saved along.
std::map<std::string, std::string> safetensors_metadata(std::string_view bytes);

}  // namespace kickdrum
