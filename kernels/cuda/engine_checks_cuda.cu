// SPDX-License-Identifier: MIT
// What all makes of an engine check before they compute.
#include <cstdint>

#include "kernels/cuda/conv_engine.cuh"
#include "kernels/cuda/fft_engine.cuh"
#include "kernels/cuda/matmul_engine.cuh"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum::cuda {
namespace {

// The libraries' plans are made for addresses like this.
constexpr std::uintptr_t kAlignment = 16;

void require_operand(const Context& context, std::string_view what, const Tensor& tensor, const Shape& shape,
                     DType dtype) {
    require_elements(context, what, tensor, shape.count(), dtype);
    require(reinterpret_cast<std::uintptr_t>(tensor.data) % kAlignment == 0, "{} isn't aligned to {} bytes",
            what, kAlignment);
}

void require_scratch_here(const Context& context, std::string_view what, const Tensor& scratch,
                          std::size_t bytes) {
    if (bytes > 0) require_scratch(context, what, scratch, bytes);
}

}  // namespace

void ConvEngine::execute(Context& context, Tensor a, Tensor b, Tensor out, Tensor scratch) {
    require_operand(context, "convolution engine: a", a, problem_.a_shape(), problem_.operands);
    require_operand(context, "convolution engine: b", b, problem_.b_shape(), problem_.operands);
    require_operand(context, "convolution engine: out", out, problem_.out_shape(), problem_.result);
    require_scratch_here(context, "convolution engine: scratch", scratch, scratch_bytes());
    do_execute(context, a, b, out, scratch);
}

void MatmulEngine::execute(Context& context, Tensor a, Tensor b, Tensor extra, Tensor out, Tensor scratch) {
    require_operand(context, "matrix engine: a", a, problem_.a_shape(), problem_.operands);
    require_operand(context, "matrix engine: b", b, problem_.b_shape(), problem_.operands);
    require_operand(context, "matrix engine: out", out, {problem_.m, problem_.n}, problem_.result);
    if (problem_.extra != MatmulExtra::none) {
        require_operand(context, "matrix engine: extra", extra, {problem_.n}, DType::f32);
    }
    require_scratch_here(context, "matrix engine: scratch", scratch, scratch_bytes());
    do_execute(context, a, b, extra, out, scratch);
}

FftEngine::FftEngine(int n_fft, std::int64_t batch) : n_fft_(n_fft), batch_(batch) {
    require(n_fft >= 2 && batch >= 1, "Fourier transform: {} signals of {} samples", batch, n_fft);
}

void FftEngine::execute(Context& context, Tensor frames, Tensor spectrum, Tensor scratch) {
    require_operand(context, "Fourier engine: frames", frames, frames_shape(), DType::f32);
    require_operand(context, "Fourier engine: spectrum", spectrum, spectrum_shape(), DType::f32);
    require_scratch_here(context, "Fourier engine: scratch", scratch, scratch_bytes());
    do_execute(context, frames, spectrum, scratch);
}

}  // namespace kickdrum::cuda
