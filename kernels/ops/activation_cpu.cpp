// SPDX-License-Identifier: MIT
#include "kernels/cpu/activation_kernels.h"
#include "kernels/cpu/parallel_chunks.h"
#include "kernels/ops/activation.h"

namespace kickdrum::cpu {

void activation_forward(Context& context, Activation activation, Tensor src, Tensor dst) {
    const ActivationKernels& kernels = activation_kernels(context.simd());
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        kernels.forward(activation, src.f32() + begin, dst.f32() + begin, count);
    });
}

void activation_backward(Context& context, Activation activation, Tensor src, Tensor dst, Tensor diff_dst,
                         Tensor diff_src) {
    const ActivationKernels& kernels = activation_kernels(context.simd());
    // Where src isn't needed, dst stands in for it: the kernel gets a pointer that it may move.
    const float* const x = needs_src(activation) ? src.f32() : dst.f32();
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        kernels.backward(activation, x + begin, dst.f32() + begin, diff_dst.f32() + begin,
                         diff_src.f32() + begin, count);
    });
}

}  // namespace kickdrum::cpu
