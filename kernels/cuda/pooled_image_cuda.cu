// SPDX-License-Identifier: MIT
#include "kernels/cuda/column_sums.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/pooled_image.cuh"

namespace kickdrum::cuda {
namespace {

constexpr int kWindowsOfBlock = 64;
constexpr std::int64_t kLeastWindows = 64;  // of a part of the bias gradient's sum

// Extents of an image that is cut into windows of 2x2, with the windows in row-major order over all clips.
struct Windows {
    int image_h, image_w;
    int h, w;  // windows, with those that cover a last odd row and column, or without them
    int dst_h, dst_w;
    int vectors;  // of a pixel's channels
    int count;    // over all clips
};

struct Window {
    int clip, i, j;

    __device__ Window(const Windows& s, int index) : i(index / s.w % s.h), j(index % s.w) {
        clip = index / s.w / s.h;
    }
    // Vectors before the window's pixel (place / 2, place % 2) in the image, and before its place in dst.
    __device__ std::int64_t image_offset(const Windows& s, int place) const {
        const std::int64_t row = std::int64_t{clip} * s.image_h + 2 * i + place / 2;
        return (row * s.image_w + 2 * j + place % 2) * s.vectors;
    }
    __device__ std::int64_t dst_offset(const Windows& s) const {
        return ((std::int64_t{clip} * s.dst_h + i) * s.dst_w + j) * s.vectors;
    }
};

template <class T, int V>
__global__ void __launch_bounds__(kColumnThreads)
    bias_relu_pool_kernel(Windows s, const T* image, const float* bias, T* dst, std::uint8_t* winner) {
    const ColumnWalk walk(s.vectors);
    if (!walk.active) return;
    float b[V];
#pragma unroll
    for (int v = 0; v < V; ++v) b[v] = bias[walk.column * V + v];
    const int begin = static_cast<int>(blockIdx.x) * kWindowsOfBlock;
    const int end = s.count - begin < kWindowsOfBlock ? s.count : begin + kWindowsOfBlock;
    for (int index = begin + walk.lane; index < end; index += walk.lanes) {
        const Window window(s, index);
        Vector<T, V> z[4];
#pragma unroll
        for (int place = 0; place < 4; ++place) {
            z[place] = load_vector<V>(image + (window.image_offset(s, place) + walk.column) * V);
        }
        Vector<T, V> best;
        Vector<std::uint8_t, V> who;
#pragma unroll
        for (int v = 0; v < V; ++v) {
            const Pooled pooled =
                pool_relu(to_float(z[0][v]), to_float(z[1][v]), to_float(z[2][v]), to_float(z[3][v]), b[v]);
            best[v] = from_float<T>(pooled.value);
            who[v] = pooled.winner;
        }
        const std::int64_t at = (window.dst_offset(s) + walk.column) * V;
        store_vector(dst + at, best);
        store_vector(winner + at, who);
    }
}

template <class T, int V>
__global__ void __launch_bounds__(kColumnThreads)
    unpool_kernel(Windows s, const T* diff_dst, const std::uint8_t* winner, T* diff_image,
                  int windows_of_part, float* partials) {
    const ColumnWalk walk(s.vectors);
    float sums[V] = {};
    const int begin = static_cast<int>(blockIdx.x) * windows_of_part;
    const int end = s.count - begin < windows_of_part ? s.count : begin + windows_of_part;
    for (int index = begin + walk.lane; walk.active && index < end; index += walk.lanes) {
        const Window window(s, index);
        Vector<T, V> gradient{};
        Vector<std::uint8_t, V> who{};
        if (window.i < s.dst_h && window.j < s.dst_w) {
            const std::int64_t at = (window.dst_offset(s) + walk.column) * V;
            gradient = load_vector<V>(diff_dst + at);
            who = load_vector<V>(winner + at);
        }
#pragma unroll
        for (int v = 0; v < V; ++v) {
            if (who[v] > 3) gradient[v] = T{};
            sums[v] += to_float(gradient[v]);
        }
#pragma unroll
        for (int place = 0; place < 4; ++place) {
            if (2 * window.i + place / 2 >= s.image_h || 2 * window.j + place % 2 >= s.image_w) continue;
            Vector<T, V> out;
#pragma unroll
            for (int v = 0; v < V; ++v) out[v] = who[v] == place ? gradient[v] : T{};
            store_vector(diff_image + (window.image_offset(s, place) + walk.column) * V, out);
        }
    }
    write_block_sums(sums, walk, s.vectors, partials);
}

constexpr int kSumWidth = 32;  // columns of a block that adds parts
constexpr int kSumLanes = 8;

// The first `sum_blocks` blocks add the parts, 32 channels each; the others widen.
__global__ void __launch_bounds__(kSumWidth* kSumLanes)
    finish_gradients_kernel(const float* partials, std::int64_t parts, float* diff_bias,
                            std::int64_t channels, int sum_blocks, const bf16* narrow, float* diff_weights,
                            std::int64_t count) {
    KICKDRUM_SHARED(float, shared, kSumWidth* kSumLanes);
    const int thread = static_cast<int>(threadIdx.x);
    const auto block = static_cast<int>(blockIdx.x);
    if (block >= sum_blocks) {
        const std::int64_t at = std::int64_t{block - sum_blocks} * kSumWidth * kSumLanes + thread;
        if (at < count) diff_weights[at] = to_float(narrow[at]);
        return;
    }
    const int lane = thread / kSumWidth;
    const std::int64_t channel = std::int64_t{block} * kSumWidth + thread % kSumWidth;
    float sum = 0;
    if (channel < channels) {
        for (std::int64_t part = lane; part < parts; part += kSumLanes)
            sum += partials[part * channels + channel];
    }
    shared[thread] = sum;
    __syncthreads();
    if (lane != 0 || channel >= channels) return;
    for (int other = 1; other < kSumLanes; ++other) sum += shared[other * kSumWidth + thread];
    diff_bias[channel] = sum;
}

Windows windows_of(const Shape& image, std::int64_t h, std::int64_t w, int vector_size) {
    const std::int64_t count = image[0] * h * w;
    require(count < (std::int64_t{1} << 31), "conv_block: {} windows of 2x2 are more than one call can take",
            count);
    return {.image_h = static_cast<int>(image[1]),
            .image_w = static_cast<int>(image[2]),
            .h = static_cast<int>(h),
            .w = static_cast<int>(w),
            .dst_h = static_cast<int>(image[1] / 2),
            .dst_w = static_cast<int>(image[2] / 2),
            .vectors = static_cast<int>(image[3] / vector_size),
            .count = static_cast<int>(count)};
}

// Windows that cover the image, its last odd row and column too.
std::int64_t covering(const Shape& image, int axis) {
    return divide_up(image[axis], 2);
}

}  // namespace

void bias_relu_pool(Context& context, Tensor image, Tensor bias, Tensor dst, Tensor winner) {
    with_vectors(image.dtype, image.shape[3], {image.data, dst.data, winner.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     const Windows s = windows_of(image.shape, dst.shape[1], dst.shape[2], kSize);
                     launch(context, bias_relu_pool_kernel<T, kSize>,
                            column_launch(divide_up(s.count, kWindowsOfBlock), s.vectors), s,
                            data_of<const T>(image), bias.f32(), data_of<T>(dst), winner.u8());
                 });
}

std::size_t unpool_partials_bytes(const Shape& image) {
    const std::int64_t windows = image[0] * covering(image, 1) * covering(image, 2);
    return static_cast<std::size_t>(most_parts(windows, kLeastWindows) * image[3]) * sizeof(float);
}

std::int64_t unpool(Context& context, Tensor diff_dst, Tensor winner, Tensor diff_image, float* partials) {
    const Shape& image = diff_image.shape;
    Parts parts;
    with_vectors(diff_image.dtype, image[3], {diff_image.data, diff_dst.data, winner.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     const Windows s = windows_of(image, covering(image, 1), covering(image, 2), kSize);
                     parts = cut_into_parts(s.count, kLeastWindows);
                     launch(context, unpool_kernel<T, kSize>, column_launch(parts.count, s.vectors), s,
                            data_of<const T>(diff_dst), winner.u8(), data_of<T>(diff_image),
                            static_cast<int>(parts.size), partials);
                 });
    return parts.count;
}

void finish_block_gradients(Context& context, const float* partials, std::int64_t parts, Tensor diff_bias,
                            const void* narrow_weights, Tensor diff_weights) {
    const std::int64_t channels = diff_bias.count();
    const std::int64_t sum_blocks = divide_up(channels, kSumWidth);
    const std::int64_t count = narrow_weights != nullptr ? diff_weights.count() : 0;
    const std::int64_t blocks = sum_blocks + divide_up(count, kSumWidth * kSumLanes);
    launch(context, finish_gradients_kernel,
           {.grid = dim3(static_cast<unsigned>(blocks)), .block = dim3(kSumWidth * kSumLanes)}, partials,
           parts, diff_bias.f32(), channels, static_cast<int>(sum_blocks),
           static_cast<const bf16*>(narrow_weights), diff_weights.f32(), count);
}

}  // namespace kickdrum::cuda
