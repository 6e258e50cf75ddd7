// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>

#include "kernels/cuda/engine_plans.cuh"
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
            .result = type,
            .extra = spec.has_bias ? MatmulExtra::bias : MatmulExtra::none};
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
            .extra = spec.has_bias ? MatmulExtra::column_sums : MatmulExtra::none};
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
        return std::max(
            {forward_.scratch_bytes(), backward_src_.scratch_bytes(), backward_weights_.scratch_bytes()});
    }
    std::string_view implementation() const override { return name_; }

 private:
    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor scratch) override {
        forward_.at(src.rows()).execute(context, src, weights, bias, dst, scratch);
    }
    void do_backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src,
                         Tensor scratch) override {
        backward_src_.at(diff_dst.rows()).execute(context, diff_dst, weights, {}, diff_src, scratch);
    }
    void do_backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                             Tensor diff_bias, Tensor scratch) override {
        backward_weights_.at(src.rows()).execute(context, src, diff_dst, diff_bias, diff_weights, scratch);
    }

    EnginePlans<MatmulEngine> forward_;
    EnginePlans<MatmulEngine> backward_src_;
    EnginePlans<MatmulEngine> backward_weights_;
    std::string name_;
};

}  // namespace

std::unique_ptr<Dense> make_dense(Context& context, const DenseSpec& spec) {
    return std::make_unique<EngineDense>(context, spec);
}

}  // namespace kickdrum::cuda
