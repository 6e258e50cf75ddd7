// SPDX-License-Identifier: MIT
// A network as an ONNX model, opset 17 (IR version 8), for ONNX Runtime and others. Writes the protocol buffers of
// onnx.proto itself; there is nothing to link.
//
// Input "input": [clips, height, width, channels] as here, f32, before the standardisation by bands, which is part of
// the graph; output "probabilities": [clips, classes]. Inside, images are NCHW. Padding `same` is written as explicit
// pads, because ONNX' own words round otherwise.
#pragma once

#include <map>
#include <string>

#include "kernels/ops/augment.h"
#include "nn/model/network.h"

namespace kickdrum {

constexpr int kOnnxOpset = 17;

// `bands`: empty where inputs are taken as they are. `metadata`: texts that are kept in the file.
std::string to_onnx(const Network& network, const BandStatistics& bands,
                    const std::map<std::string, std::string>& metadata);

}  // namespace kickdrum
