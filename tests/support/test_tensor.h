// SPDX-License-Identifier: MIT
// Tensors for tests: a Buffer with a view, filled from Philox or with NaN, read back into std::vector.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "kernels/device/buffer.h"
#include "kernels/device/philox.h"

namespace kickdrum {

class TestTensor {
 public:
    TestTensor(Context& context, const Shape& shape, DType dtype = DType::f32)
        : buffer_(context, static_cast<std::size_t>(shape.count()) * size_of(dtype)),
          tensor_(buffer_.tensor(shape, dtype)) {
        // An element that an operation forgets to write shows as NaN.
        if (dtype == DType::f32) {
            for (std::int64_t i = 0; i < shape.count(); ++i) {
                tensor_.f32()[i] = std::numeric_limits<float>::quiet_NaN();
            }
        }
    }
    operator Tensor() const { return tensor_; }
    const Tensor& tensor() const { return tensor_; }

    // Roughly normal numbers (a sum of four uniforms) with this standard deviation, a function of (seed, name).
    TestTensor& randomize(std::string_view name, float deviation = 1, std::uint64_t seed = 1) {
        const RandomStream stream = random_stream(seed, name);
        for (std::int64_t i = 0; i < tensor_.count(); ++i) {
            const Philox4 bits = philox(stream, static_cast<std::uint64_t>(i));
            float sum = -2;
            for (const auto word : bits) sum += uniform01(word);
            tensor_.f32()[i] = sum * deviation * std::sqrt(3.0F);
        }
        return *this;
    }
    TestTensor& assign(const std::vector<float>& values) {
        std::memcpy(tensor_.data, values.data(), values.size() * sizeof(float));
        return *this;
    }
    TestTensor& assign(const std::vector<std::int32_t>& values) {
        std::memcpy(tensor_.data, values.data(), values.size() * sizeof(std::int32_t));
        return *this;
    }
    std::vector<float> values() const { return {tensor_.f32(), tensor_.f32() + tensor_.count()}; }

 private:
    Buffer buffer_;
    Tensor tensor_;
};

// max |actual - expected| / max |expected|; infinity where anything isn't finite or the sizes differ.
inline double relative_error(const std::vector<float>& actual, const std::vector<double>& expected) {
    if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
    double error = 0;
    double magnitude = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        if (!std::isfinite(actual[i])) return std::numeric_limits<double>::infinity();
        error = std::max(error, std::abs(static_cast<double>(actual[i]) - expected[i]));
        magnitude = std::max(magnitude, std::abs(expected[i]));
    }
    return magnitude > 0 ? error / magnitude : error;
}

}  // namespace kickdrum
