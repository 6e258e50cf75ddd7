// SPDX-License-Identifier: MIT
#include "kernels/cuda/matmul_engine.cuh"

namespace kickdrum::cuda {

void check(const MatmulProblem& problem) {
    require(problem.m > 0 && problem.n > 0 && problem.k > 0, "matrix product: {}: extents must be positive",
            to_string(problem));
    require(problem.operands == DType::f32 || problem.operands == DType::bf16,
            "matrix product: operands can't be {}", to_string(problem.operands));
    require(problem.result == DType::f32 || problem.result == problem.operands,
            "matrix product: no {} from {}", to_string(problem.result), to_string(problem.operands));
    require(problem.extra != MatmulExtra::column_sums || !problem.transpose_b,
            "matrix product: column sums are of a b that isn't transposed");
}

std::string to_string(const MatmulProblem& problem) {
    constexpr std::string_view kExtras[] = {"", ", bias", ", bias and relu", ", column sums"};
    std::string text = fmt::format("{}x{} by {}x{} -> {}x{}", problem.m, problem.k, problem.k, problem.n,
                                   problem.m, problem.n);
    if (problem.transpose_a) text += ", a transposed";
    if (problem.transpose_b) text += ", b transposed";
    text += kExtras[static_cast<std::size_t>(problem.extra)];
    text += fmt::format(", {} -> {}", to_string(problem.operands), to_string(problem.result));
    if (problem.operands == DType::f32) text += fmt::format(", {}", to_string(problem.math));
    return text;
}

}  // namespace kickdrum::cuda
