// SPDX-License-Identifier: MIT
#include "benchmarks/cuda/gpu_limits.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

struct KnownGpu {
    std::string_view part_of_name;  // the first that fits
    std::string_view sheet;
    double bytes_per_second, fp32, tf32, bf16;
};

// The manufacturer's figures, for dense arithmetic without sparsity; as in roofline.py.
constexpr std::array kKnownGpus = {
    KnownGpu{"A100-SXM4-80", "A100 80 GB", 2.04e12, 19.5e12, 156e12, 312e12},
    KnownGpu{"A100 80GB", "A100 80 GB PCIe", 1.94e12, 19.5e12, 156e12, 312e12},
    KnownGpu{"A100", "A100 40 GB", 1.56e12, 19.5e12, 156e12, 312e12},
    KnownGpu{"H100 PCIe", "H100 PCIe", 2.0e12, 51e12, 378e12, 756e12},
    KnownGpu{"H100", "H100 SXM", 3.35e12, 67e12, 495e12, 990e12},
    KnownGpu{"H200", "H200 SXM", 4.8e12, 67e12, 495e12, 990e12},
    KnownGpu{"B200", "B200", 8.0e12, 80e12, 1125e12, 2250e12},
    KnownGpu{"L40S", "L40S", 0.864e12, 91.6e12, 183e12, 362e12},
    KnownGpu{"RTX 4090", "GeForce RTX 4090", 1.008e12, 82.6e12, 82.6e12, 165e12},
};

// Memory transfers twice a clock; a multiprocessor does 128 fp32 multiply-adds a clock (64 on 8.0). Tensor
// cores are left out: how many operations they do a clock differs too much.
GpuLimits by_clocks(const GpuProperties& gpu) {
    const double lanes = gpu.architecture == 80 ? 64 : 128;
    const double fp32 = 2 * lanes * gpu.multiprocessors * gpu.clock_hz;
    return {.source = "clocks, without tensor cores",
            .bytes_per_second = 2 * gpu.memory_clock_hz * gpu.memory_bus_bits / 8,
            .fp32 = fp32,
            .tf32 = fp32,
            .bf16 = fp32};
}

}  // namespace

double GpuLimits::seconds(double bytes, double operations, Arithmetic arithmetic) const {
    return std::max(bytes / bytes_per_second, operations / flops(arithmetic));
}

GpuLimits gpu_limits(const GpuProperties& gpu) {
    for (const KnownGpu& known : kKnownGpus) {
        if (gpu.name.find(known.part_of_name) == std::string::npos) continue;
        return {.source = "data sheet of " + std::string(known.sheet),
                .bytes_per_second = known.bytes_per_second,
                .fp32 = known.fp32,
                .tf32 = known.tf32,
                .bf16 = known.bf16};
    }
    return by_clocks(gpu);
}

}  // namespace kickdrum
