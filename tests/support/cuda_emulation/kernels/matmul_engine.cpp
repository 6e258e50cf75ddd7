// SPDX-License-Identifier: MIT
// In the place of kernels/cuda/matmul_engine_library_cuda.cu: the product by its definition, summed in
// double. Operands aren't rounded to TF32. Extras are added by the product's own kernels, as they are where
// cuBLASLt doesn't add them.
#include "kernels/cuda/matmul_engine.cuh"

#include <vector>

#include "kernels/cuda/check.cuh"
#include "kernels/cuda/context_cuda.cuh"
#include "kernels/cuda/engine_kernels.cuh"
#include "tests/support/cuda_emulation/enqueue.h"
#include "tests/support/cuda_emulation/kernels/reference_operands.h"

namespace kickdrum::cuda {
namespace {

constexpr std::size_t kLibraryBytes = 512;

std::vector<double> transposed(const std::vector<double>& matrix, std::int64_t rows, std::int64_t columns) {
    std::vector<double> turned(matrix.size());
    for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < columns; ++c) {
            turned[static_cast<std::size_t>(c * rows + r)] =
                matrix[static_cast<std::size_t>(r * columns + c)];
        }
    }
    return turned;
}

std::vector<double> product(const MatmulProblem& x, std::vector<double> a, std::vector<double> b) {
    if (x.transpose_a) a = transposed(a, x.k, x.m);
    if (x.transpose_b) b = transposed(b, x.n, x.k);
    std::vector<double> out(static_cast<std::size_t>(x.m * x.n));
    for (std::int64_t m = 0; m < x.m; ++m) {
        double* const sums = out.data() + m * x.n;
        for (std::int64_t k = 0; k < x.k; ++k) {
            const double value = a[static_cast<std::size_t>(m * x.k + k)];
            const double* const row = b.data() + k * x.n;
            for (std::int64_t n = 0; n < x.n; ++n) sums[n] += value * row[n];
        }
    }
    return out;
}

class ReferenceMatmulEngine : public MatmulEngine {
 public:
    using MatmulEngine::MatmulEngine;

    std::size_t scratch_bytes() const override { return product_bytes() + kLibraryBytes; }
    std::string_view description() const override { return "emulated:matmul"; }

 protected:
    void do_execute(Context& context, Tensor a, Tensor b, Tensor extra, Tensor out, Tensor scratch) override {
        Tensor result = out;
        if (product_bytes() > 0) {
            result.data = scratch.data;
            result.dtype = DType::f32;
        }
        auto* const library = static_cast<std::byte*>(scratch.data) + product_bytes();
        const auto work = [x = problem(), a, b, result, library] {
            emulation::spoil(library, kLibraryBytes);
            emulation::store(product(x, emulation::doubles(a), emulation::doubles(b)), result);
            emulation::spoil(library, kLibraryBytes);
        };
        KICKDRUM_CUDA_CHECK(emulation::enqueue_host_work(stream(context), "matrix product", work));
        if (adds_bias()) {
            const bool relu = problem().extra == MatmulExtra::bias_relu;
            add_bias(context, result.f32(), extra.f32(), relu, out, problem().n);
        }
        if (problem().extra == MatmulExtra::column_sums) sum_columns(context, b, extra.f32(), problem().n);
    }

 private:
    bool adds_bias() const {
        return problem().extra == MatmulExtra::bias || problem().extra == MatmulExtra::bias_relu;
    }
    std::size_t product_bytes() const {
        const bool apart = adds_bias() && problem().result == DType::bf16;
        return apart ? align_scratch(problem().m * problem().n * 4) : 0;
    }
};

}  // namespace

std::unique_ptr<MatmulEngine> make_matmul_engine(Context&, const MatmulProblem& problem) {
    check(problem);
    if (kLibraryBytes > problem.scratch_limit) {
        throw DeviceError(fmt::format("the emulated device has no algorithm for the matrix product {}",
                                      to_string(problem)));
    }
    return std::make_unique<ReferenceMatmulEngine>(problem);
}

}  // namespace kickdrum::cuda
