// SPDX-License-Identifier: MIT
// MatmulEngine: a matrix product with a bias, planned once for one shape. Row-major:
//   out[m, n] = f(sum_k op(a)[m, k] op(b)[k, n] + bias[n])
// with op(x) = x, or x stored transposed; f is the identity or ReLU (NaN stays NaN). Sums are in float. As an
// extra,
//   column_sums[n] = sum_k b[k, n]
// for the gradient of a bias: diff_weights = src^T diff_dst and diff_bias come from one call.
//
// With CUDA it is an algorithm of cuBLASLt, the first of its heuristics that fits; nothing is timed. Only
// algorithms are taken that add parts of a sum in float and in a fixed order, so that the same GPU gives the
// same bits each time. An extra that the library doesn't compute along with the product (ReLU, which its own
// would lose NaN in; a bias in f32 for a result in bf16) is made by a kernel of ours behind it. When an
// engine may be made: as ConvEngine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum::cuda {

enum class MatmulExtra : std::uint8_t {
    none,
    bias,         // extra: bias [n], f32, read
    bias_relu,    // the same, then ReLU
    column_sums,  // extra: column sums [n] of b (not transposed), f32, overwritten
};

constexpr std::size_t kMatmulScratchLimit = std::size_t{32} << 20;

struct MatmulProblem {
    std::int64_t m = 0, n = 0, k = 0;
    bool transpose_a = false;     // a is stored [k, m] instead of [m, k]
    bool transpose_b = false;     // b is stored [n, k] instead of [k, n]
    DType operands = DType::f32;  // of a and b: f32 or bf16
    DType result = DType::f32;    // of out: f32, or bf16 with bf16 operands
    MatmulExtra extra = MatmulExtra::none;
    Math math = Math::fp32;  // as ConvProblem::math
    // For what the library itself takes. A result in bf16 with a bias may need 4 m n bytes more.
    std::size_t scratch_limit = kMatmulScratchLimit;

    Shape a_shape() const { return transpose_a ? Shape{k, m} : Shape{m, k}; }
    Shape b_shape() const { return transpose_b ? Shape{n, k} : Shape{k, n}; }
};

// Throws InvalidArgument where an extent isn't positive, or a type or combination isn't allowed.
void check(const MatmulProblem& problem);
// "64x32768 by 32768x256 -> 64x256, bias_relu, bf16 -> bf16"
std::string to_string(const MatmulProblem& problem);

class MatmulEngine {
 public:
    explicit MatmulEngine(const MatmulProblem& problem) : problem_(problem) {}
    virtual ~MatmulEngine() = default;
    MatmulEngine(const MatmulEngine&) = delete;
    MatmulEngine& operator=(const MatmulEngine&) = delete;

    const MatmulProblem& problem() const { return problem_; }
    virtual std::size_t scratch_bytes() const = 0;
    // "cublaslt:algorithm 67, 4.0 MiB"
    virtual std::string_view description() const = 0;

    // Enqueues on the context's stream; what is checked, and of scratch, as ConvEngine::execute. `extra` as
    // MatmulExtra says, no tensor for none. Throws InvalidArgument, DeviceError.
    void execute(Context& context, Tensor a, Tensor b, Tensor extra, Tensor out, Tensor scratch);

 protected:
    virtual void do_execute(Context& context, Tensor a, Tensor b, Tensor extra, Tensor out,
                            Tensor scratch) = 0;

 private:
    MatmulProblem problem_;
};

std::unique_ptr<MatmulEngine> make_matmul_engine(Context& context, const MatmulProblem& problem);

}  // namespace kickdrum::cuda
