// SPDX-License-Identifier: MIT
// In the place of kernels/cuda/conv_engine_library_cuda.cu: convolutions by their definition, summed in
// double. Operands aren't rounded to TF32. Weight gradients of bf16 operands are rounded to bf16 and widened,
// as they are with cuDNN.
#include "kernels/cuda/conv_engine.cuh"

#include <vector>

#include "kernels/cuda/check.cuh"
#include "kernels/cuda/context_cuda.cuh"
#include "kernels/cuda/engine_kernels.cuh"
#include "tests/support/cuda_emulation/enqueue.h"
#include "tests/support/cuda_emulation/kernels/reference_operands.h"

namespace kickdrum::cuda {
namespace {

constexpr std::size_t kLibraryBytes = 1024;

// Calls visit(tap, row of src, row of dst) for each product of whole rows of channels; tap = r * kernel.w +
// s.
template <class Visit>
void for_each_tap(const ConvProblem& x, const Visit& visit) {
    for (std::int64_t n = 0; n < x.n; ++n) {
        for (std::int64_t p = 0; p < x.p; ++p) {
            for (std::int64_t q = 0; q < x.q; ++q) {
                for (int tap = 0; tap < x.kernel.h * x.kernel.w; ++tap) {
                    const std::int64_t h = p * x.stride.h - x.before.h + (tap / x.kernel.w) * x.dilation.h;
                    const std::int64_t w = q * x.stride.w - x.before.w + (tap % x.kernel.w) * x.dilation.w;
                    if (h < 0 || h >= x.h || w < 0 || w >= x.w) continue;
                    visit(tap, (n * x.h + h) * x.w + w, (n * x.p + p) * x.q + q);
                }
            }
        }
    }
}

// From [k, tap, c] to [tap, c, k], so that the inner loops run over channels out.
std::vector<double> channels_out_last(const std::vector<double>& weights, const ConvProblem& x) {
    const std::int64_t rows = std::int64_t{x.kernel.h} * x.kernel.w * x.c;
    std::vector<double> turned(weights.size());
    for (std::int64_t k = 0; k < x.k; ++k) {
        for (std::int64_t i = 0; i < rows; ++i)
            turned[static_cast<std::size_t>(i * x.k + k)] = weights[static_cast<std::size_t>(k * rows + i)];
    }
    return turned;
}

std::vector<double> zeros(const Shape& shape) {
    return std::vector<double>(static_cast<std::size_t>(shape.count()));
}

std::vector<double> forward(const ConvProblem& x, const double* src, const double* weights) {
    std::vector<double> dst = zeros(x.dst_shape());
    for_each_tap(x, [&](int tap, std::int64_t src_row, std::int64_t dst_row) {
        double* const sums = dst.data() + dst_row * x.k;
        for (std::int64_t c = 0; c < x.c; ++c) {
            const double value = src[src_row * x.c + c];
            const double* const row = weights + (tap * x.c + c) * x.k;
            for (std::int64_t k = 0; k < x.k; ++k) sums[k] += value * row[k];
        }
    });
    return dst;
}

std::vector<double> backward_src(const ConvProblem& x, const double* diff_dst, const double* weights) {
    std::vector<double> diff_src = zeros(x.src_shape());
    for_each_tap(x, [&](int tap, std::int64_t src_row, std::int64_t dst_row) {
        const double* const diffs = diff_dst + dst_row * x.k;
        for (std::int64_t c = 0; c < x.c; ++c) {
            const double* const row = weights + (tap * x.c + c) * x.k;
            double sum = 0;
            for (std::int64_t k = 0; k < x.k; ++k) sum += diffs[k] * row[k];
            diff_src[static_cast<std::size_t>(src_row * x.c + c)] += sum;
        }
    });
    return diff_src;
}

std::vector<double> backward_weights(const ConvProblem& x, const double* src, const double* diff_dst) {
    std::vector<double> turned = zeros(x.weights_shape());  // [tap, c, k]
    for_each_tap(x, [&](int tap, std::int64_t src_row, std::int64_t dst_row) {
        const double* const diffs = diff_dst + dst_row * x.k;
        for (std::int64_t c = 0; c < x.c; ++c) {
            const double value = src[src_row * x.c + c];
            double* const sums = turned.data() + (tap * x.c + c) * x.k;
            for (std::int64_t k = 0; k < x.k; ++k) sums[k] += value * diffs[k];
        }
    });
    const std::int64_t rows = x.weights_shape().count() / x.k;
    std::vector<double> diff_weights(turned.size());
    for (std::int64_t k = 0; k < x.k; ++k) {
        for (std::int64_t i = 0; i < rows; ++i)
            diff_weights[static_cast<std::size_t>(k * rows + i)] =
                turned[static_cast<std::size_t>(i * x.k + k)];
    }
    return diff_weights;
}

std::vector<double> compute(const ConvProblem& x, const std::vector<double>& a,
                            const std::vector<double>& b) {
    switch (x.pass) {
        case ConvPass::forward: return forward(x, a.data(), channels_out_last(b, x).data());
        case ConvPass::backward_src: return backward_src(x, a.data(), channels_out_last(b, x).data());
        default: return backward_weights(x, a.data(), b.data());
    }
}

class ReferenceConvEngine : public ConvEngine {
 public:
    explicit ReferenceConvEngine(const ConvProblem& problem) : ConvEngine(problem) {
        if (problem.result != problem.operands)
            narrow_bytes_ = align_scratch(problem.out_shape().count() * 2);
    }
    std::size_t scratch_bytes() const override { return narrow_bytes_ + kLibraryBytes; }
    std::string_view description() const override { return "emulated:convolution"; }

 protected:
    void do_execute(Context& context, Tensor a, Tensor b, Tensor out, Tensor scratch) override {
        Tensor result = out;
        if (narrow_bytes_ > 0) {
            result.data = scratch.data;
            result.dtype = DType::bf16;
        }
        auto* const library = static_cast<std::byte*>(scratch.data) + narrow_bytes_;
        const auto work = [x = problem(), a, b, result, library] {
            emulation::spoil(library, kLibraryBytes);
            const std::vector<double> sums = compute(x, emulation::doubles(a), emulation::doubles(b));
            emulation::store(sums, result);
            emulation::spoil(library, kLibraryBytes);
        };
        const std::string name = fmt::format("convolution {}", to_string(problem().pass));
        KICKDRUM_CUDA_CHECK(emulation::enqueue_host_work(stream(context), name, work));
        if (narrow_bytes_ > 0) widen(context, scratch.data, out.f32(), out.count());
    }

 private:
    std::size_t narrow_bytes_ = 0;
};

}  // namespace

std::unique_ptr<ConvEngine> make_conv_engine(Context&, const ConvProblem& problem) {
    check(problem);
    auto engine = std::make_unique<ReferenceConvEngine>(problem);
    if (engine->scratch_bytes() > problem.scratch_limit) {
        throw DeviceError(
            fmt::format("the emulated device has no engine for the convolution {}", to_string(problem)));
    }
    return engine;
}

}  // namespace kickdrum::cuda
