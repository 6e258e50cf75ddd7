// SPDX-License-Identifier: MIT
// The share of the old average that a step keeps: one rule for both halves of weight_average.h.
#pragma once

#include <cstdint>

#include "kernels/device/philox.h"  // KICKDRUM_HOST_DEVICE

namespace kickdrum {

KICKDRUM_HOST_DEVICE inline float kept_of_average(double decay, std::uint64_t step) {
    if (step == 0) return 0;
    const auto t = static_cast<double>(step);
    const double early = (1 + t) / (10 + t);
    return static_cast<float>(early < decay ? early : decay);
}

}  // namespace kickdrum
