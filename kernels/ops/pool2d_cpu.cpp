// SPDX-License-Identifier: MIT
#include "kernels/cpu/pool_kernels.h"
#include "kernels/ops/pool2d.h"

namespace kickdrum::cpu {
namespace {

class Pool2dCpu final : public Pool2d {
 public:
    Pool2dCpu(const Context& context, const Shape& src, const Pool2dSpec& spec)
        : Pool2d(src, spec), kernels_(pool_kernels(context.simd())) {
        geometry_ = {.h = src[1],
                     .w = src[2],
                     .c = src[3],
                     .p = dst_shape_[1],
                     .q = dst_shape_[2],
                     .kernel_h = spec.size.h,
                     .kernel_w = spec.size.w,
                     .stride_h = spec.stride.h,
                     .stride_w = spec.stride.w,
                     .before_h = window_extent(src[1], spec.size.h, spec.stride.h, 1, spec.padding).before,
                     .before_w = window_extent(src[2], spec.size.w, spec.stride.w, 1, spec.padding).before};
        // Also with padding same, as long as no window sticks out.
        const Extent2d two{2, 2};
        max_2x2_ = spec.kind == PoolKind::max && spec.size == two && spec.stride == two &&
                   2 * geometry_.p <= geometry_.h && 2 * geometry_.q <= geometry_.w;
    }

 private:
    std::int64_t src_image() const { return src_shape_.row_count(); }
    std::int64_t dst_image() const { return dst_shape_.row_count(); }

    void do_forward(Context& context, Tensor src, Tensor dst, Tensor winner) override {
        context.pool().parallel_for(src.rows() * geometry_.p, [&](std::int64_t index, int) {
            const std::int64_t clip = index / geometry_.p;
            const std::int64_t row = index % geometry_.p;
            const float* from = src.f32() + clip * src_image();
            float* to = dst.f32() + clip * dst_image();
            if (spec_.kind == PoolKind::average) return kernels_.average_forward(geometry_, row, from, to);
            const auto forward = max_2x2_ ? kernels_.max_2x2_forward : kernels_.max_forward;
            forward(geometry_, row, from, to, winner.i32() + clip * dst_image());
        });
    }

    void do_backward(Context& context, Tensor diff_dst, Tensor winner, Tensor diff_src) override {
        if (max_2x2_) return backward_2x2(context, diff_dst, winner, diff_src);
        context.pool().parallel_for(diff_src.rows() * geometry_.h, [&](std::int64_t index, int) {
            const std::int64_t clip = index / geometry_.h;
            const std::int64_t row = index % geometry_.h;
            const float* from = diff_dst.f32() + clip * dst_image();
            float* to = diff_src.f32() + clip * src_image();
            if (spec_.kind == PoolKind::average) return kernels_.average_backward(geometry_, row, from, to);
            kernels_.max_backward(geometry_, row, from, winner.i32() + clip * dst_image(), to);
        });
    }

    void backward_2x2(Context& context, Tensor diff_dst, Tensor winner, Tensor diff_src) {
        context.pool().parallel_for(diff_src.rows() * geometry_.p, [&](std::int64_t index, int) {
            const std::int64_t clip = index / geometry_.p;
            const std::int64_t row = index % geometry_.p;
            float* to = diff_src.f32() + clip * src_image();
            kernels_.max_2x2_backward(geometry_, row, diff_dst.f32() + clip * dst_image(),
                                      winner.i32() + clip * dst_image(), to);
            if (row + 1 < geometry_.p) return;
            const std::int64_t covered = 2 * geometry_.p * geometry_.w * geometry_.c;
            for (std::int64_t i = covered; i < src_image(); ++i) to[i] = 0;
        });
    }

    const PoolKernels& kernels_;
    PoolGeometry geometry_;
    bool max_2x2_ = false;
};

}  // namespace

std::unique_ptr<Pool2d> make_pool2d(Context& context, const Shape& src, const Pool2dSpec& spec) {
    return std::make_unique<Pool2dCpu>(context, src, spec);
}

}  // namespace kickdrum::cpu
