// SPDX-License-Identifier: MIT
// A block for each row of dst (forward) or src (backward); its threads take groups of channels of the cells
// of that row. Backward gathers: every cell of src adds up the windows that it won, in the order of the
// windows, so that cells are independent and each is written once.
#include "kernels/ops/pool2d.h"

#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/pool_rules.cuh"

namespace kickdrum::cuda {
namespace {

constexpr std::int64_t kMostRows = std::int64_t{1} << 30;  // of a grid; what is beyond is done by a loop

// src [h, w, c] of each clip, dst [p, q, c].
struct Geometry {
    std::int64_t h, w, c, p, q;
    std::int64_t kernel_h, kernel_w, stride_h, stride_w;
    std::int64_t before_h, before_w;  // padding above and to the left
};

struct Range {
    std::int64_t begin;
    std::int64_t end;
};

// Cells of the window at `start` that lie inside an axis of n cells, counted from the window's first cell.
__device__ Range inside(std::int64_t start, std::int64_t kernel, std::int64_t n) {
    return {start < 0 ? -start : 0, start + kernel > n ? n - start : kernel};
}

// Windows of an axis that cover cell `at` (counted with the padding before it).
__device__ Range covering(std::int64_t at, std::int64_t kernel, std::int64_t stride, std::int64_t windows) {
    // 32 bits: divisions of 64 cost more than all the rest, and no axis is as long.
    const auto cell = static_cast<unsigned>(at);
    const auto by = static_cast<unsigned>(stride);
    const std::int64_t last = cell / by;
    const std::int64_t first = at < kernel ? 0 : (cell - static_cast<unsigned>(kernel)) / by + 1;
    return {first, last + 1 < windows ? last + 1 : windows};
}

struct Window {
    std::int64_t top, left;
    Range rows, columns;

    __device__ Window(const Geometry& g, std::int64_t p, std::int64_t q)
        : top(p * g.stride_h - g.before_h),
          left(q * g.stride_w - g.before_w),
          rows(inside(top, g.kernel_h, g.h)),
          columns(inside(left, g.kernel_w, g.w)) {}
    // 1 / the number of cells inside the image.
    __device__ float share() const {
        return 1.0F / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
    }
};

// Calls body(clip, row, column, first channel) for all groups of kSize channels of all cells.
template <int kSize, class Body>
__device__ void for_each_cell(std::int64_t rows, std::int64_t height, std::int64_t width, std::int64_t c,
                              const Body& body) {
    const auto groups = static_cast<unsigned>(c / kSize);
    const unsigned items = static_cast<unsigned>(width) * groups;
    for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
        const std::int64_t clip = row / height;
        for (unsigned item = threadIdx.x; item < items; item += blockDim.x) {
            const unsigned column = item / groups;
            body(clip, row % height, std::int64_t{column}, std::int64_t{item - column * groups} * kSize);
        }
    }
}

template <class T, int kSize>
__global__ void max_forward_kernel(Geometry g, const T* __restrict__ src, T* __restrict__ dst,
                                   std::int32_t* __restrict__ winner, std::int64_t rows) {
    for_each_cell<kSize>(rows, g.p, g.q, g.c, [&](auto clip, auto p, auto q, auto k) {
        const Window window(g, p, q);
        const T* const from = src + ((clip * g.h + window.top) * g.w + window.left) * g.c + k;
        Vector<T, kSize> best = {};
        Vector<std::int32_t, kSize> who = {};
        bool first = true;
        for (std::int64_t r = window.rows.begin; r < window.rows.end; ++r) {
            for (std::int64_t s = window.columns.begin; s < window.columns.end; ++s) {
                const auto values = load_vector<kSize>(from + (r * g.w + s) * g.c);
                const auto index = static_cast<std::int32_t>(r * g.kernel_w + s);
#pragma unroll
                for (int j = 0; j < kSize; ++j) {
                    const bool better = first || wins(to_float(values[j]), to_float(best[j]));
                    best[j] = better ? values[j] : best[j];
                    who[j] = better ? index : who[j];
                }
                first = false;
            }
        }
        const std::int64_t at = ((clip * g.p + p) * g.q + q) * g.c + k;
        store_vector(dst + at, best);
        store_vector(winner + at, who);
    });
}

template <class T, int kSize>
__global__ void average_forward_kernel(Geometry g, const T* __restrict__ src, T* __restrict__ dst,
                                       std::int64_t rows) {
    for_each_cell<kSize>(rows, g.p, g.q, g.c, [&](auto clip, auto p, auto q, auto k) {
        const Window window(g, p, q);
        const T* const from = src + ((clip * g.h + window.top) * g.w + window.left) * g.c + k;
        Vector<float, kSize> sum = {};
        for (std::int64_t r = window.rows.begin; r < window.rows.end; ++r) {
            for (std::int64_t s = window.columns.begin; s < window.columns.end; ++s) {
                const auto values = load_vector<kSize>(from + (r * g.w + s) * g.c);
#pragma unroll
                for (int j = 0; j < kSize; ++j) sum[j] += to_float(values[j]);
            }
        }
        Vector<T, kSize> mean;
#pragma unroll
        for (int j = 0; j < kSize; ++j) mean[j] = from_float<T>(sum[j] * window.share());
        store_vector(dst + ((clip * g.p + p) * g.q + q) * g.c + k, mean);
    });
}

// Adds up add(sum, p, q, first element of the window's gradient) over the windows that cover a cell.
template <class T, int kSize, class Add>
__device__ void gather_windows(const Geometry& g, T* __restrict__ diff_src, std::int64_t rows,
                               const Add& add) {
    for_each_cell<kSize>(rows, g.h, g.w, g.c, [&](auto clip, auto row, auto column, auto k) {
        const Range ps = covering(row + g.before_h, g.kernel_h, g.stride_h, g.p);
        const Range qs = covering(column + g.before_w, g.kernel_w, g.stride_w, g.q);
        Vector<float, kSize> sum = {};
        for (std::int64_t p = ps.begin; p < ps.end; ++p) {
            for (std::int64_t q = qs.begin; q < qs.end; ++q) {
                const std::int64_t r = row + g.before_h - p * g.stride_h;
                const std::int64_t s = column + g.before_w - q * g.stride_w;
                add(sum, Window(g, p, q), static_cast<std::int32_t>(r * g.kernel_w + s),
                    ((clip * g.p + p) * g.q + q) * g.c + k);
            }
        }
        Vector<T, kSize> result;
#pragma unroll
        for (int j = 0; j < kSize; ++j) result[j] = from_float<T>(sum[j]);
        store_vector(diff_src + ((clip * g.h + row) * g.w + column) * g.c + k, result);
    });
}

template <class T, int kSize>
__global__ void max_backward_kernel(Geometry g, const T* __restrict__ diff_dst,
                                    const std::int32_t* __restrict__ winner, T* __restrict__ diff_src,
                                    std::int64_t rows) {
    gather_windows<T, kSize>(
        g, diff_src, rows,
        [&](Vector<float, kSize>& sum, const Window&, std::int32_t index, std::int64_t at) {
            const auto gradients = load_vector<kSize>(diff_dst + at);
            const auto who = load_vector<kSize>(winner + at);
#pragma unroll
            for (int j = 0; j < kSize; ++j) sum[j] += who[j] == index ? to_float(gradients[j]) : 0;
        });
}

template <class T, int kSize>
__global__ void average_backward_kernel(Geometry g, const T* __restrict__ diff_dst, T* __restrict__ diff_src,
                                        std::int64_t rows) {
    gather_windows<T, kSize>(
        g, diff_src, rows,
        [&](Vector<float, kSize>& sum, const Window& window, std::int32_t, std::int64_t at) {
            const auto gradients = load_vector<kSize>(diff_dst + at);
            const float share = window.share();
#pragma unroll
            for (int j = 0; j < kSize; ++j) sum[j] += to_float(gradients[j]) * share;
        });
}

LaunchShape row_blocks(std::int64_t rows, std::int64_t items) {
    const std::int64_t warps = std::clamp<std::int64_t>((items + 31) / 32, 1, kElementThreads / 32);
    return {.grid = dim3(static_cast<unsigned>(std::min(rows, kMostRows))),
            .block = dim3(static_cast<unsigned>(warps * 32))};
}

class Pool2dCuda final : public Pool2d {
 public:
    Pool2dCuda(const Shape& src, const Pool2dSpec& spec) : Pool2d(src, spec) {
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
    }

 private:
    void do_forward(Context& context, Tensor src, Tensor dst, Tensor winner) override {
        const Geometry& g = geometry_;
        const std::int64_t rows = src.rows() * g.p;
        with_vectors(src.dtype, g.c, {src.data, dst.data, winner.data},
                     [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                         const LaunchShape shape = row_blocks(rows, g.q * g.c / kSize);
                         if (spec_.kind == PoolKind::average) {
                             launch(context, average_forward_kernel<T, kSize>, shape, g, data_of<T>(src),
                                    data_of<T>(dst), rows);
                         } else {
                             launch(context, max_forward_kernel<T, kSize>, shape, g, data_of<T>(src),
                                    data_of<T>(dst), winner.i32(), rows);
                         }
                     });
    }

    void do_backward(Context& context, Tensor diff_dst, Tensor winner, Tensor diff_src) override {
        const Geometry& g = geometry_;
        const std::int64_t rows = diff_src.rows() * g.h;
        with_vectors(diff_src.dtype, g.c, {diff_dst.data, winner.data, diff_src.data},
                     [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                         const LaunchShape shape = row_blocks(rows, g.w * g.c / kSize);
                         if (spec_.kind == PoolKind::average) {
                             launch(context, average_backward_kernel<T, kSize>, shape, g,
                                    data_of<T>(diff_dst), data_of<T>(diff_src), rows);
                         } else {
                             launch(context, max_backward_kernel<T, kSize>, shape, g, data_of<T>(diff_dst),
                                    winner.i32(), data_of<T>(diff_src), rows);
                         }
                     });
    }

    Geometry geometry_{};
};

}  // namespace

std::unique_ptr<Pool2d> make_pool2d(Context&, const Shape& src, const Pool2dSpec& spec) {
    return std::make_unique<Pool2dCuda>(src, spec);
}

}  // namespace kickdrum::cuda
