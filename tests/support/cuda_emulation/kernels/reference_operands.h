// SPDX-License-Identifier: MIT
// What the references of the libraries' engines share: operands in double, results in their own type, scratch
// that is made use of.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "kernels/cuda/vec.cuh"
#include "kernels/device/tensor.h"

namespace kickdrum::emulation {

inline std::vector<double> doubles(const Tensor& tensor) {
    std::vector<double> values(static_cast<std::size_t>(tensor.count()));
    const auto* narrow = static_cast<const cuda::bf16*>(tensor.data);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = tensor.dtype == DType::f32 ? tensor.f32()[i] : cuda::to_float(narrow[i]);
    }
    return values;
}

// Sums in double, rounded once.
inline void store(const std::vector<double>& sums, const Tensor& tensor) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const auto value = static_cast<float>(sums[i]);
        if (tensor.dtype == DType::f32) {
            tensor.f32()[i] = value;
        } else {
            static_cast<cuda::bf16*>(tensor.data)[i] = cuda::from_float<cuda::bf16>(value);
        }
    }
}

// Libraries write anything anywhere into the scratch that they asked for: too little of it, or some that is
// somebody else's too, must show. Called before and after the computation.
inline void spoil(void* scratch, std::size_t bytes) {
    std::memset(scratch, 0xff, bytes);
}

}  // namespace kickdrum::emulation
