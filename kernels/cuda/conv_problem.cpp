// SPDX-License-Identifier: MIT
#include "kernels/cuda/conv_problem.h"

namespace kickdrum {
namespace {

// Whether out windows are exactly what fits into n rows between before and after rows of zeros.
bool fits(std::int64_t n, std::int64_t out, int kernel, int stride, int dilation, int before, int after) {
    const std::int64_t span = std::int64_t{kernel - 1} * dilation + 1;
    return n > 0 && kernel > 0 && stride > 0 && dilation > 0 && before >= 0 && after >= 0 &&
           n + before + after >= span && (n + before + after - span) / stride + 1 == out;
}

int rows_after(std::int64_t n, std::int64_t out, int kernel, int stride, int dilation, int before) {
    const std::int64_t needed = (out - 1) * stride + std::int64_t{kernel - 1} * dilation + 1;
    return static_cast<int>(std::max<std::int64_t>(needed - n - before, 0));
}

}  // namespace

std::string_view to_string(ConvPass pass) {
    switch (pass) {
        case ConvPass::forward: return "forward";
        case ConvPass::backward_src: return "backward_src";
        case ConvPass::backward_weights: return "backward_weights";
    }
    return "?";
}

Shape ConvProblem::out_shape() const {
    switch (pass) {
        case ConvPass::forward: return dst_shape();
        case ConvPass::backward_src: return src_shape();
        case ConvPass::backward_weights: return weights_shape();
    }
    return {};
}

ConvProblem conv_problem(ConvPass pass, const Shape& src, const Conv2dSpec& spec, DType activations,
                         Math math, bool deterministic) {
    const Shape dst = conv2d_dst_shape(src, spec);
    const auto rows = window_extent(src[1], spec.kernel.h, spec.stride.h, spec.dilation.h, spec.padding);
    const auto columns = window_extent(src[2], spec.kernel.w, spec.stride.w, spec.dilation.w, spec.padding);
    ConvProblem problem{.pass = pass, .n = src[0], .h = src[1], .w = src[2], .c = src[3]};
    problem.p = dst[1];
    problem.q = dst[2];
    problem.k = dst[3];
    problem.kernel = spec.kernel;
    problem.stride = spec.stride;
    problem.dilation = spec.dilation;
    problem.before = {static_cast<int>(rows.before), static_cast<int>(columns.before)};
    problem.after.h =
        rows_after(src[1], dst[1], spec.kernel.h, spec.stride.h, spec.dilation.h, problem.before.h);
    problem.after.w =
        rows_after(src[2], dst[2], spec.kernel.w, spec.stride.w, spec.dilation.w, problem.before.w);
    problem.operands = activations;
    problem.result = pass == ConvPass::backward_weights ? DType::f32 : activations;
    problem.math = math;
    problem.deterministic = deterministic;
    check(problem);
    return problem;
}

void check(const ConvProblem& problem) {
    const ConvProblem& x = problem;
    require(x.n > 0 && x.c > 0 && x.k > 0, "convolution: {}: clips and channels must be positive",
            to_string(x));
    require(fits(x.h, x.p, x.kernel.h, x.stride.h, x.dilation.h, x.before.h, x.after.h) &&
                fits(x.w, x.q, x.kernel.w, x.stride.w, x.dilation.w, x.before.w, x.after.w),
            "convolution: {}: the extents don't belong together", to_string(x));
    require(x.operands == DType::f32 || x.operands == DType::bf16, "convolution: operands can't be {}",
            to_string(x.operands));
    const bool widens = x.pass == ConvPass::backward_weights && x.result == DType::f32;
    require(x.result == x.operands || widens, "convolution: {} gives no {} from {}", to_string(x.pass),
            to_string(x.result), to_string(x.operands));
}

std::string to_string(const ConvProblem& problem) {
    std::string text = fmt::format("{} {}x{}x{}x{} -> {}x{}x{}x{}, kernel {}x{}", to_string(problem.pass),
                                   problem.n, problem.h, problem.w, problem.c, problem.n, problem.p,
                                   problem.q, problem.k, problem.kernel.h, problem.kernel.w);
    const Extent2d one{1, 1};
    if (problem.stride != one) text += fmt::format(", stride {}x{}", problem.stride.h, problem.stride.w);
    if (problem.dilation != one)
        text += fmt::format(", dilation {}x{}", problem.dilation.h, problem.dilation.w);
    text += fmt::format(", padding {}+{} {}+{}, {}", problem.before.h, problem.after.h, problem.before.w,
                        problem.after.w, to_string(problem.operands));
    if (problem.operands != problem.result) text += fmt::format(" -> {}", to_string(problem.result));
    if (problem.operands == DType::f32) text += fmt::format(", {}", to_string(problem.math));
    if (!problem.deterministic) text += ", any order";
    if (problem.scratch_limit != kConvScratchLimit)
        text += fmt::format(", in {} bytes", problem.scratch_limit);
    return text;
}

}  // namespace kickdrum
