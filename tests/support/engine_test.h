// SPDX-License-Identifier: MIT
// Values for tests of engines (kernels/cuda/*_engine.cuh). On a GPU these tests run NVIDIA's libraries, on
// the emulated device their references: the contract is the same. Operands are small multiples of 1/8, so
// that every product and every sum is exact in float, in TF32 and from bf16, in whatever order: results are
// compared for equality.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

inline Floats eighths(std::int64_t count, std::string_view name) {
    const RandomStream stream = random_stream(7, name);
    Floats values(at(count));
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = (static_cast<float>(philox(stream, i)[0] % 17) - 8) / 8;
    }
    return values;
}

// Rounded as a result of this type is.
inline Floats rounded(const Doubles& values, DType dtype) {
    Floats floats;
    for (const double value : values) {
        const auto narrow = static_cast<float>(value);
        floats.push_back(dtype == DType::bf16 ? round_to_bf16(narrow) : narrow);
    }
    return floats;
}

// All of the memory.
inline Tensor whole(const Buffer& memory) {
    return memory.tensor({static_cast<std::int64_t>(memory.bytes())}, DType::u8);
}

#define INSTANTIATE_FOR_CUDA(Fixture)                                                        \
    INSTANTIATE_TEST_SUITE_P(                                                                \
        Devices, Fixture, testing::Values(::kickdrum::TestTarget{::kickdrum::Device::cuda}), \
        [](const testing::TestParamInfo<::kickdrum::TestTarget>& target) { return target.param.name(); })

}  // namespace kickdrum
