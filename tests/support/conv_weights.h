// SPDX-License-Identifier: MIT
// Weights of convolutions in tests: HWIO on the host, as the device keeps them in tensors.
#pragma once

#include <vector>

#include "kernels/ops/weights_layout.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {

inline std::vector<float> hwio_values(const TestTensor& weights) {
    auto stored = weights.values();
    if (!keeps_ohwi(weights.tensor().device)) return stored;
    std::vector<float> values(stored.size());
    ohwi_to_hwio(weights.tensor().shape, stored, values);
    return values;
}

// What passes of convolutions may be wrong by, relative to the largest value. Winograd's transforms add and
// cancel numbers that are larger than the result: it gives up about a digit.
constexpr double kConvTolerance = 5e-6;
// Where the result is bf16: 2^-9 for each rounding, of the convolution, and after its bias. A library may
// round the weights' gradient so before it's f32.
inline double result_tolerance(const Context& context) {
    return context.activation_dtype() == DType::bf16 ? 1e-2 : kConvTolerance;
}

}  // namespace kickdrum
