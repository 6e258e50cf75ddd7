// SPDX-License-Identifier: MIT
// What this machine can do at most, measured in the same process as the benchmarks and with the same threads
// and instruction set: what "% of the limit" refers to.
#pragma once

#include <algorithm>

#include "kernels/device/context.h"

namespace kickdrum {

struct MachineLimits {
    double gflops = 0;  // 1e9 fp32 operations a second, a fused multiply-add counting as two
    double copy_gb_per_s =
        0;  // b = a over arrays far larger than the caches: 1e9 bytes a second, read + written
    double update_gb_per_s = 0;  // b = b + a, likewise: two reads and a write

    double gb_per_s() const { return std::max(copy_gb_per_s, update_gb_per_s); }
};

// Takes about a second and 512 MiB.
MachineLimits measure_machine_limits(Context& context);

}  // namespace kickdrum
