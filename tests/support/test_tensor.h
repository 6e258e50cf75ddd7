// SPDX-License-Identifier: MIT
// Tensors for tests: a Buffer with a view on any device, filled from Philox or with NaN, read back into
// std::vector.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "kernels/device/buffer.h"
#include "kernels/device/philox.h"
#include "kernels/device/step_state.h"
#include "kernels/device/transfer.h"

namespace kickdrum {

// The nearest bfloat16, ties to even, as a float.
inline float round_to_bf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if (std::isnan(value)) return value;
    return std::bit_cast<float>((bits + 0x7fffU + ((bits >> 16U) & 1U)) & 0xffff0000U);
}

class TestTensor {
 public:
    TestTensor(Context& context, const Shape& shape, DType dtype = DType::f32)
        : context_(&context),
          buffer_(context, static_cast<std::size_t>(shape.count()) * size_of(dtype)),
          tensor_(buffer_.tensor(shape, dtype)) {
        // An element that an operation forgets to write shows as NaN.
        if (dtype == DType::f32 || dtype == DType::bf16) {
            assign(std::vector<float>(count(), std::numeric_limits<float>::quiet_NaN()));
        }
    }
    operator Tensor() const { return tensor_; }
    const Tensor& tensor() const { return tensor_; }

    // Roughly normal numbers (a sum of four uniforms) with this standard deviation, a function of (seed,
    // name).
    TestTensor& randomize(std::string_view name, float deviation = 1, std::uint64_t seed = 1) {
        const RandomStream stream = random_stream(seed, name);
        std::vector<float> values(count());
        for (std::size_t i = 0; i < values.size(); ++i) {
            const Philox4 bits = philox(stream, i);
            float sum = -2;
            for (const auto word : bits) sum += uniform01(word);
            values[i] = sum * deviation * std::sqrt(3.0F);
        }
        return assign(values);
    }
    // f32, or rounded to bf16.
    TestTensor& assign(const std::vector<float>& values) {
        if (tensor_.dtype != DType::bf16) return assign_bytes(values);
        std::vector<std::uint16_t> halves;
        halves.reserve(values.size());
        for (const float value : values) {
            halves.push_back(
                static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(round_to_bf16(value)) >> 16U));
        }
        return assign_bytes(halves);
    }
    TestTensor& assign(const std::vector<std::int32_t>& values) { return assign_bytes(values); }
    TestTensor& assign(const std::vector<std::uint8_t>& values) { return assign_bytes(values); }

    std::vector<float> values() const { return download_f32(*context_, tensor_); }
    std::vector<std::int32_t> integers() const { return read<std::int32_t>(); }
    std::vector<std::uint8_t> bytes() const { return read<std::uint8_t>(); }

 private:
    std::size_t count() const { return static_cast<std::size_t>(tensor_.count()); }
    template <class Value>
    TestTensor& assign_bytes(const std::vector<Value>& values) {
        Tensor part = tensor_.reshaped({static_cast<std::int64_t>(values.size())});
        upload(*context_, values.data(), part);
        return *this;
    }
    template <class Value>
    std::vector<Value> read() const {
        std::vector<Value> values(count());
        download(*context_, tensor_, values.data());
        return values;
    }

    Context* context_;
    Buffer buffer_;
    Tensor tensor_;
};

// A StepState in the device's memory.
class TestState {
 public:
    explicit TestState(Context& context, const StepState& state = {})
        : context_(&context), buffer_(context, sizeof(StepState)) {
        set(state);
    }
    operator StepState*() const { return static_cast<StepState*>(buffer_.data()); }
    void set(const StepState& state) { upload(*context_, &state, view()); }
    StepState get() const {
        StepState state;
        download(*context_, view(), &state);
        return state;
    }

 private:
    Tensor view() const { return buffer_.tensor({sizeof(StepState)}, DType::u8); }

    Context* context_;
    Buffer buffer_;
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
