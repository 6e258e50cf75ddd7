// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace kickdrum {

// The bytes of a .npy file (version 1.0) with a matrix [rows, columns] of little-endian floats.
std::string npy_matrix(std::span<const float> values, std::int64_t rows, std::int64_t columns);

}  // namespace kickdrum
