// SPDX-License-Identifier: MIT
// The three passes of one convolution by ConvEngine, for any number of clips up to the planned one.
#pragma once

#include <algorithm>

#include "kernels/cuda/conv_engine.cuh"
#include "kernels/cuda/engine_plans.cuh"

namespace kickdrum::cuda {

class ConvEngines {
 public:
    // weight_gradients: their type, f32 or that of activations.
    ConvEngines(Context& context, const Shape& src, const Conv2dSpec& spec,
                DType weight_gradients = DType::f32)
        : forward_(plans(context, ConvPass::forward, src, spec, context.activation_dtype())),
          backward_src_(plans(context, ConvPass::backward_src, src, spec, context.activation_dtype())),
          backward_weights_(plans(context, ConvPass::backward_weights, src, spec, weight_gradients)) {}

    // Of each pass.
    std::size_t scratch_bytes() const {
        return std::max(
            {forward_.scratch_bytes(), backward_src_.scratch_bytes(), backward_weights_.scratch_bytes()});
    }
    std::string_view description() const { return forward_.whole().description(); }

    void forward(Context& context, Tensor src, Tensor weights, Tensor dst, Tensor scratch) {
        forward_.at(src.rows()).execute(context, src, weights, dst, scratch);
    }
    void backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src, Tensor scratch) {
        backward_src_.at(diff_dst.rows()).execute(context, diff_dst, weights, diff_src, scratch);
    }
    void backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                          Tensor scratch) {
        backward_weights_.at(src.rows()).execute(context, src, diff_dst, diff_weights, scratch);
    }

 private:
    static EnginePlans<ConvEngine> plans(Context& context, ConvPass pass, const Shape& src,
                                         const Conv2dSpec& spec, DType result) {
        ConvProblem whole = conv_problem(pass, src, spec, context.activation_dtype(), context.math(),
                                         context.deterministic());
        whole.result = result;
        return {src[0], whole.scratch_limit, [&context, whole](std::int64_t rows, std::size_t limit) {
                    ConvProblem problem = whole;
                    problem.n = rows;
                    problem.scratch_limit = limit;
                    return make_conv_engine(context, problem);
                }};
    }

    EnginePlans<ConvEngine> forward_;
    EnginePlans<ConvEngine> backward_src_;
    EnginePlans<ConvEngine> backward_weights_;
};

}  // namespace kickdrum::cuda
