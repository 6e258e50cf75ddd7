// SPDX-License-Identifier: MIT
// What a GPU can do at most, by its data sheet or, where it isn't in our table, by its clocks. No CUDA here.
#pragma once

#include <cstddef>
#include <string>

namespace kickdrum {

// As the driver tells them.
struct GpuProperties {
    std::string name;
    int architecture = 0;  // 10 * major + minor
    int multiprocessors = 0;
    double clock_hz = 0;
    double memory_clock_hz = 0;
    int memory_bus_bits = 0;
    std::size_t l2_bytes = 0;
};

enum class Arithmetic { fp32, tf32, bf16 };  // without tensor cores; on them

struct GpuLimits {
    std::string source;  // "data sheet of H100 SXM", "clocks"
    double bytes_per_second = 0;
    double fp32 = 0, tf32 = 0, bf16 = 0;  // operations a second, dense; a multiply-add counts as two

    double flops(Arithmetic arithmetic) const {
        return arithmetic == Arithmetic::fp32 ? fp32 : arithmetic == Arithmetic::tf32 ? tf32 : bf16;
    }
    // The least time for so many bytes and operations.
    double seconds(double bytes, double operations, Arithmetic arithmetic) const;
};

GpuLimits gpu_limits(const GpuProperties& gpu);

}  // namespace kickdrum
