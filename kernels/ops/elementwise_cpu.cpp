// SPDX-License-Identifier: MIT
#include "kernels/ops/elementwise.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/parallel_chunks.h"

namespace kickdrum::cpu {
void fill(Context& context, float value, Tensor dst) {
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        std::fill_n(dst.f32() + begin, count, value);
    });
}

void copy(Context& context, Tensor src, Tensor dst) {
    if (src.data == dst.data) return;
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        std::memcpy(dst.f32() + begin, src.f32() + begin, static_cast<std::size_t>(count) * sizeof(float));
    });
}

void add(Context& context, Tensor a, Tensor b, Tensor dst) {
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        kernels.add(a.f32() + begin, b.f32() + begin, dst.f32() + begin, count);
    });
}

void scale(Context& context, float factor, Tensor dst) {
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        kernels.scale(factor, dst.f32() + begin, count);
    });
}

void gather_rows(Context& context, Tensor src, Tensor indices, Tensor dst) {
    for (std::int64_t i = 0; i < indices.count(); ++i) {
        const std::int32_t index = indices.i32()[i];
        require(index >= 0 && index < src.rows(), "gather_rows: indices[{}] is {}, but src has {} rows", i,
                index, src.rows());
    }
    const std::size_t row_bytes = static_cast<std::size_t>(src.shape.row_count()) * size_of(src.dtype);
    context.pool().parallel_for(indices.count(), [&](std::int64_t row, int) {
        const auto from = static_cast<std::size_t>(indices.i32()[row]) * row_bytes;
        std::memcpy(dst.u8() + static_cast<std::size_t>(row) * row_bytes, src.u8() + from, row_bytes);
    });
}

}  // namespace kickdrum::cpu
