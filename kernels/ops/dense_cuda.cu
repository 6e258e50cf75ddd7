// SPDX-License-Identifier: MIT
// Products by the library. ReLU and dropout come behind a product in float, in one kernel, which ends with
// the one rounding; the library's own ReLU would lose NaN. Few outputs are a case of their own.
#include <algorithm>
#include <string>

#include "kernels/cuda/dense_steps.cuh"
#include "kernels/cuda/engine_kernels.cuh"
#include "kernels/cuda/engine_plans.cuh"
#include "kernels/cuda/few_outputs.cuh"
#include "kernels/cuda/matmul_engine.cuh"
#include "kernels/ops/dense.h"

namespace kickdrum::cuda {
namespace {

// m, n and k for each pass; the number of rows is filled in where `rows` stands.
MatmulProblem forward_problem(const DenseSpec& spec, std::int64_t rows, DType type) {
    return {.m = rows,
            .n = spec.out,
            .k = spec.in,
            .operands = type,
            .result = spec.relu ? DType::f32 : type,
            .extra = spec.has_bias && !spec.relu ? MatmulExtra::bias : MatmulExtra::none};
}
MatmulProblem backward_src_problem(const DenseSpec& spec, std::int64_t rows, DType type) {
    return {.m = rows, .n = spec.in, .k = spec.out, .transpose_b = true, .operands = type, .result = type};
}
MatmulProblem backward_weights_problem(const DenseSpec& spec, std::int64_t rows, DType type) {
    return {.m = spec.in,
            .n = spec.out,
            .k = rows,
            .transpose_a = true,
            .operands = type,
            .extra = spec.has_bias && !spec.relu ? MatmulExtra::column_sums : MatmulExtra::none};
}

using Problem = MatmulProblem (*)(const DenseSpec&, std::int64_t, DType);

EnginePlans<MatmulEngine> plans(Context& context, const DenseSpec& spec, Problem problem_for) {
    return {spec.rows, kMatmulScratchLimit,
            [&context, spec, problem_for](std::int64_t rows, std::size_t limit) {
                MatmulProblem problem = problem_for(spec, rows, context.activation_dtype());
                problem.math = context.math();
                problem.scratch_limit = limit;
                return make_matmul_engine(context, problem);
            }};
}

class EngineDense : public Dense {
 public:
    EngineDense(Context& context, const DenseSpec& spec)
        : Dense(spec),
          forward_(plans(context, spec, forward_problem)),
          backward_src_(plans(context, spec, backward_src_problem)),
          backward_weights_(plans(context, spec, backward_weights_problem)),
          name_(forward_.whole().description()) {}

    std::size_t scratch_bytes() const override {
        return own_bytes() + std::max({forward_.scratch_bytes(), backward_src_.scratch_bytes(),
                                       backward_weights_.scratch_bytes()});
    }
    std::string_view implementation() const override { return name_; }

 private:
    // With ReLU: of the product in float, in backward of the gradient behind it.
    std::size_t own_bytes() const { return spec_.relu ? align_scratch(spec_.rows * spec_.out * 4) : 0; }
    Tensor rest(const Tensor& scratch) const {
        const auto bytes = static_cast<std::int64_t>(scratch.bytes() - own_bytes());
        return {static_cast<std::byte*>(scratch.data) + own_bytes(), {bytes}, DType::u8, scratch.device};
    }

    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch,
                    const DenseDropout& dropout) override {
        MatmulEngine& engine = forward_.at(src.rows());
        if (!spec_.relu) return engine.execute(context, src, weights, bias, dst, scratch);
        Tensor product = dst;
        product.dtype = DType::f32;
        if (dst.dtype != DType::f32) product.data = scratch.data;
        engine.execute(context, src, weights, {}, product, rest(scratch));
        finish_dense(context, spec_.dropout, dropout, product.f32(), bias, dst);
    }
    void do_backward(Context& context, Tensor src, Tensor dst, Tensor diff_dst, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) override {
        Tensor gradient = diff_dst;
        if (spec_.relu) {
            gradient.data = scratch.data;
            begin_dense_backward(context, kept_scale(), dst, diff_dst, gradient, diff_bias);
            diff_bias = {};
        }
        backward_weights_.at(src.rows())
            .execute(context, src, gradient, diff_bias, diff_weights, rest(scratch));
        if (diff_src)
            backward_src_.at(src.rows()).execute(context, gradient, weights, {}, diff_src, rest(scratch));
    }

    EnginePlans<MatmulEngine> forward_;
    EnginePlans<MatmulEngine> backward_src_;
    EnginePlans<MatmulEngine> backward_weights_;
    std::string name_;
};

class FewOutputsDense : public Dense {
 public:
    using Dense::Dense;

    static bool takes(const DenseSpec& spec) {
        return !spec.relu && spec.out <= kMostFewOutputs && spec.in <= kMostFewInputs;
    }
    std::size_t scratch_bytes() const override { return 0; }
    std::string_view implementation() const override { return "few outputs"; }

 private:
    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor,
                    const DenseDropout&) override {
        few_outputs_forward(context, src, weights, bias, dst);
    }
    void do_backward(Context& context, Tensor src, Tensor, Tensor diff_dst, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor) override {
        few_outputs_backward(context, src, diff_dst, weights, diff_weights, diff_bias, diff_src);
    }
};

}  // namespace

std::unique_ptr<Dense> make_dense(Context& context, const DenseSpec& spec) {
    if (FewOutputsDense::takes(spec)) return std::make_unique<FewOutputsDense>(spec);
    return std::make_unique<EngineDense>(context, spec);
}

}  // namespace kickdrum::cuda
