// SPDX-License-Identifier: MIT
// Bias, ReLU and 2x2 max-pooling of a convolution's image in one pass over it, and the way back: what
// ConvBlock adds to the library's convolution.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/launch.cuh"
#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum::cuda {

// The best of a 2x2 window (the first of equals), plus bias, ReLU; its place, or 4 where ReLU is dead. As on
// the CPU, NaN counts as dead.
struct Pooled {
    float value;
    std::uint8_t winner;
};
__host__ __device__ inline Pooled pool_relu(float a, float b, float c, float d, float bias) {
    Pooled best{a, 0};
    if (b > best.value) best = {b, 1};
    if (c > best.value) best = {c, 2};
    if (d > best.value) best = {d, 3};
    best.value += bias;
    return best.value > 0 ? best : Pooled{0, 4};
}

// image: [n, h, w, k]; dst and winner (u8): [n, h / 2, w / 2, k]; bias: f32 [k]. image and dst have one type,
// f32 or bf16.
void bias_relu_pool(Context& context, Tensor image, Tensor bias, Tensor dst, Tensor winner);

// diff_image[n, h, w, k]: diff_dst at the winners, 0 elsewhere, the last odd row and column included.
// partials [parts, k], with `parts` as returned: its sums over parts of the image, whose sum is the gradient
// of the bias; unpool_partials_bytes of this or a larger diff_image, 16-byte aligned.
std::size_t unpool_partials_bytes(const Shape& image);
std::int64_t unpool(Context& context, Tensor diff_dst, Tensor winner, Tensor diff_image, float* partials);

// diff_bias = the sum of the parts, and at once diff_weights = narrow_weights, widened from bf16 to f32
// (narrow_weights may be null: nothing to widen).
void finish_block_gradients(Context& context, const float* partials, std::int64_t parts, Tensor diff_bias,
                            const void* narrow_weights, Tensor diff_weights);

}  // namespace kickdrum::cuda
