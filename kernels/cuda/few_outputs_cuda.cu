// SPDX-License-Identifier: MIT
#include "kernels/cuda/few_outputs.cuh"

#include "kernels/cuda/column_sums.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/reduce.cuh"

namespace kickdrum::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;

// A warp for each number of dst.
template <class T>
__global__ void __launch_bounds__(kThreads)
    few_outputs_forward_kernel(const T* src, const T* weights, const float* bias, T* dst, int rows, int in,
                               int out) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const std::int64_t number = std::int64_t{blockIdx.x} * kWarps + threadIdx.x / kWarpSize;
    if (number >= std::int64_t{rows} * out) return;
    const auto o = static_cast<int>(number % out);
    const T* const x = src + number / out * in;
    float sum = 0.0F;
    for (int i = lane; i < in; i += kWarpSize)
        sum = fmaf(to_float(x[i]), to_float(weights[i * out + o]), sum);
    sum = warp_reduce(sum);
    if (lane == 0) dst[number] = from_float<T>(bias != nullptr ? sum + bias[o] : sum);
}

template <class T>
struct FewOutputsBackward {
    const T* src;
    const T* diff_dst;
    const T* weights;
    float* diff_weights;
    float* diff_bias;  // or null
    T* diff_src;       // or null
    int rows, in, out;
    int parameter_blocks;  // the blocks before this one sum gradients of parameters, the others make diff_src
};

// A thread for each parameter; the bias' stand behind the weights, as if src had a last column of ones.
template <class T>
__device__ void sum_parameter(const FewOutputsBackward<T>& x, std::int64_t number) {
    const auto i = static_cast<int>(number / x.out);
    const auto o = static_cast<int>(number % x.out);
    if (i > x.in || (i == x.in && x.diff_bias == nullptr)) return;
    float sum = 0.0F;
    for (int row = 0; row < x.rows; ++row) {
        const float gradient = to_float(x.diff_dst[row * x.out + o]);
        sum = i < x.in ? fmaf(to_float(x.src[std::int64_t{row} * x.in + i]), gradient, sum) : sum + gradient;
    }
    (i < x.in ? x.diff_weights[number] : x.diff_bias[o]) = sum;
}

template <class T>
__global__ void __launch_bounds__(kThreads) few_outputs_backward_kernel(FewOutputsBackward<T> x) {
    const auto block = static_cast<int>(blockIdx.x);
    if (block < x.parameter_blocks) return sum_parameter(x, std::int64_t{block} * kThreads + threadIdx.x);
    const std::int64_t number = std::int64_t{block - x.parameter_blocks} * kThreads + threadIdx.x;
    if (number >= std::int64_t{x.rows} * x.in) return;
    const T* const gradients = x.diff_dst + number / x.in * x.out;
    const T* const weights = x.weights + number % x.in * x.out;
    float sum = 0.0F;
    for (int o = 0; o < x.out; ++o) sum = fmaf(to_float(gradients[o]), to_float(weights[o]), sum);
    x.diff_src[number] = from_float<T>(sum);
}

}  // namespace

void few_outputs_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst) {
    const auto blocks = static_cast<unsigned>(divide_up(dst.count(), kWarps));
    with_activation_type(dst.dtype, [&]<class T>(std::type_identity<T>) {
        launch(context, few_outputs_forward_kernel<T>, {.grid = dim3(blocks), .block = dim3(kThreads)},
               data_of<const T>(src), data_of<const T>(weights), data_of<const float>(bias), data_of<T>(dst),
               static_cast<int>(dst.rows()), static_cast<int>(src.shape[1]), static_cast<int>(dst.shape[1]));
    });
}

void few_outputs_backward(Context& context, Tensor src, Tensor diff_dst, Tensor weights, Tensor diff_weights,
                          Tensor diff_bias, Tensor diff_src) {
    const std::int64_t in = src.shape[1];
    const std::int64_t out = diff_dst.shape[1];
    const std::int64_t parameter_blocks = divide_up((in + 1) * out, kThreads);
    const std::int64_t src_blocks = diff_src ? divide_up(diff_src.count(), kThreads) : 0;
    const LaunchShape shape{.grid = dim3(static_cast<unsigned>(parameter_blocks + src_blocks)),
                            .block = dim3(kThreads)};
    with_activation_type(src.dtype, [&]<class T>(std::type_identity<T>) {
        launch(context, few_outputs_backward_kernel<T>, shape,
               FewOutputsBackward<T>{.src = data_of<const T>(src),
                                     .diff_dst = data_of<const T>(diff_dst),
                                     .weights = data_of<const T>(weights),
                                     .diff_weights = diff_weights.f32(),
                                     .diff_bias = data_of<float>(diff_bias),
                                     .diff_src = data_of<T>(diff_src),
                                     .rows = static_cast<int>(src.rows()),
                                     .in = static_cast<int>(in),
                                     .out = static_cast<int>(out),
                                     .parameter_blocks = static_cast<int>(parameter_blocks)});
    });
}

}  // namespace kickdrum::cuda
