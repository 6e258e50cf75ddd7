// SPDX-License-Identifier: MIT
// One pass of a 2-D convolution, as a library for CUDA has to be asked for it. Plain data without CUDA, so
// that a program can also ask on a computer that has no GPU (kernels/device/conv_plan_check.h).
//
// The formula is conv2d.h's, without bias. Activations are NHWC; weights and their gradients lie in memory as
// OHWI, [k, kernel height, kernel width, c] (weights_layout.h converts).
//
//   pass               a (read)               b (read)               out (overwritten)
//   forward            src [n, h, w, c]       weights                dst [n, p, q, k]
//   backward_src       diff_dst [n, p, q, k]  weights                diff_src [n, h, w, c]
//   backward_weights   src [n, h, w, c]       diff_dst [n, p, q, k]  diff_weights
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/conv2d.h"

namespace kickdrum {

enum class ConvPass : std::uint8_t { forward, backward_src, backward_weights };
std::string_view to_string(ConvPass pass);

constexpr std::size_t kConvScratchLimit = std::size_t{256} << 20;

struct ConvProblem {
    ConvPass pass = ConvPass::forward;
    std::int64_t n = 0, h = 0, w = 0, c = 0;  // src
    std::int64_t p = 0, q = 0, k = 0;         // dst
    Extent2d kernel{1, 1};
    Extent2d stride{1, 1};
    Extent2d dilation{1, 1};
    Extent2d before{0, 0};        // rows and columns of zeros before src
    Extent2d after{0, 0};         // and behind it
    DType operands = DType::f32;  // of a and b: f32 or bf16
    DType result = DType::f32;    // of out: that of the operands; of weight gradients also f32
    // For f32 operands: fp32 keeps every product exact to float, tf32 and bf16 let tensor cores round the
    // operands to TF32. bf16 operands are multiplied exactly and summed in float whatever it says.
    Math math = Math::fp32;
    bool deterministic = true;  // only engines that add in a fixed order
    std::size_t scratch_limit = kConvScratchLimit;

    // Shapes in memory: weights are [k, kernel.h, kernel.w, c].
    Shape src_shape() const { return {n, h, w, c}; }
    Shape dst_shape() const { return {n, p, q, k}; }
    Shape weights_shape() const { return {k, kernel.h, kernel.w, c}; }
    Shape a_shape() const { return pass == ConvPass::backward_src ? dst_shape() : src_shape(); }
    Shape b_shape() const { return pass == ConvPass::backward_weights ? dst_shape() : weights_shape(); }
    Shape out_shape() const;

    friend bool operator==(const ConvProblem&, const ConvProblem&) = default;
};

// The problem of one pass of conv2d on `src`. bf16 activations give bf16 results, but f32 weight gradients.
// Throws InvalidArgument as conv2d_dst_shape does.
ConvProblem conv_problem(ConvPass pass, const Shape& src, const Conv2dSpec& spec, DType activations,
                         Math math, bool deterministic);

// Throws InvalidArgument where the extents don't belong together or a type isn't allowed.
void check(const ConvProblem& problem);

// "forward 64x128x128x1 -> 64x128x128x32, kernel 3x3, padding 1+1 1+1, f32, tf32": everything that tells
// problems apart. For messages and as the key of stored choices.
std::string to_string(const ConvProblem& problem);

}  // namespace kickdrum
