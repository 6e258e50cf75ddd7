// SPDX-License-Identifier: MIT
#include "kernels/cuda/activation_functions.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/ops/activation.h"

namespace kickdrum::cuda {
namespace {

// No __restrict__ here and below: an output may be an input, element for element.
template <Activation kActivation, class T, int kSize>
__global__ void activation_forward_kernel(const T* src, T* dst, std::int64_t count) {
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        Vector<T, kCount> values = load_vector<kCount>(src + at);
#pragma unroll
        for (int j = 0; j < kCount; ++j) {
            values[j] = from_float<T>(activation_value<kActivation>(to_float(values[j])));
        }
        store_vector(dst + at, values);
    });
}

// `values` are those of src or dst: whichever the activation's slope is a function of.
template <Activation kActivation, class T, int kSize>
__global__ void activation_backward_kernel(const T* values, const T* diff_dst, T* diff_src,
                                           std::int64_t count) {
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        const Vector<T, kCount> points = load_vector<kCount>(values + at);
        Vector<T, kCount> gradients = load_vector<kCount>(diff_dst + at);
#pragma unroll
        for (int j = 0; j < kCount; ++j) {
            const float point = to_float(points[j]);
            gradients[j] =
                from_float<T>(activation_gradient<kActivation>(point, point, to_float(gradients[j])));
        }
        store_vector(diff_src + at, gradients);
    });
}

}  // namespace

void activation_forward(Context& context, Activation activation, Tensor src, Tensor dst) {
    with_vectors(dst.dtype, 0, {src.data, dst.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     with_activation(activation,
                                     [&]<Activation kActivation>(ActivationConstant<kActivation>) {
                                         launch(context, activation_forward_kernel<kActivation, T, kSize>,
                                                elements_shape(context, dst.count() / kSize), data_of<T>(src),
                                                data_of<T>(dst), dst.count());
                                     });
                 });
}

void activation_backward(Context& context, Activation activation, Tensor src, Tensor dst, Tensor diff_dst,
                         Tensor diff_src) {
    const Tensor values = needs_src(activation) ? src : dst;
    with_vectors(dst.dtype, 0, {values.data, diff_dst.data, diff_src.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     with_activation(
                         activation, [&]<Activation kActivation>(ActivationConstant<kActivation>) {
                             launch(context, activation_backward_kernel<kActivation, T, kSize>,
                                    elements_shape(context, dst.count() / kSize), data_of<T>(values),
                                    data_of<T>(diff_dst), data_of<T>(diff_src), dst.count());
                         });
                 });
}

}  // namespace kickdrum::cuda
