// SPDX-License-Identifier: MIT
// What `kickdrum devices` says of CUDA.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "kernels/device/cuda_status.h"

namespace kickdrum {

// Lines for people: name and text, "CUDA" and what is wrong or "usable", then the GPUs. A line that goes on
// has no name.
std::vector<std::pair<std::string, std::string>> cuda_lines(const CudaStatus& status);

// {"available": false, "problem": "no_driver", "why": "...", "remedy": "...", "runtime": "13.0", ..., "gpus":
// [...]}
nlohmann::ordered_json cuda_json(const CudaStatus& status);

}  // namespace kickdrum
