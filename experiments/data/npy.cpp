// SPDX-License-Identifier: MIT
#include "experiments/data/npy.h"

#include <fmt/format.h>

#include <bit>

#include "kernels/device/error.h"

namespace kickdrum {

static_assert(std::endian::native == std::endian::little);

std::string npy_matrix(std::span<const float> values, std::int64_t rows, std::int64_t columns) {
    require(static_cast<std::int64_t>(values.size()) == rows * columns, "npy: {} numbers aren't {} x {}",
            values.size(), rows, columns);
    // The numbers begin at a multiple of 64 bytes; 10 are before the header.
    std::string header =
        fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
    header.append(63 - (10 + header.size()) % 64, ' ');
    header += '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(header.size() & 0xFFU);
    bytes += static_cast<char>(header.size() >> 8U);
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    return bytes;
}

}  // namespace kickdrum
