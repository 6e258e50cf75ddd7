// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "dsp/spectral_kernels.h"

namespace kickdrum {

// Owns a BlockedMatrix (dsp/spectral_kernels.h).
class BlockedWeights {
 public:
    BlockedWeights(int outputs, int inputs)
        : outputs_(outputs),
          inputs_(inputs),
          weights_(static_cast<std::size_t>((outputs + 3) / 4 * 4 * inputs)) {}

    float& at(int output, int input) {
        return weights_[static_cast<std::size_t>(output / 4 * 4 * inputs_ + 4 * input + output % 4)];
    }
    BlockedMatrix view() const {
        return {.outputs = outputs_, .inputs = inputs_, .weights = weights_.data()};
    }

 private:
    int outputs_;
    int inputs_;
    std::vector<float> weights_;
};

}  // namespace kickdrum
