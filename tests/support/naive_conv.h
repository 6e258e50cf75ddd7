// SPDX-License-Identifier: MIT
// Convolution and its gradients in double precision, element by element: what the fast ones are held against.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/device/tensor.h"
#include "kernels/ops/conv2d.h"

namespace kickdrum {

struct NaiveConv {
    Shape src;
    Conv2dSpec spec;
    Shape dst = conv2d_dst_shape(src, spec);

    // Calls visit(src index, weight index, dst index) for every product of the convolution.
    template <class Visit>
    void each_product(Visit&& visit) const {
        const std::int64_t top =
            padding_before(src[1], dst[1], spec.kernel.h, spec.stride.h, spec.dilation.h);
        const std::int64_t left =
            padding_before(src[2], dst[2], spec.kernel.w, spec.stride.w, spec.dilation.w);
        for (std::int64_t e = 0; e < dst.count() / dst[3]; ++e) {
            const std::int64_t q = e % dst[2], p = e / dst[2] % dst[1], n = e / dst[2] / dst[1];
            for (int r = 0; r < spec.kernel.h; ++r) {
                for (int s = 0; s < spec.kernel.w; ++s) {
                    const std::int64_t y = p * spec.stride.h - top + r * spec.dilation.h;
                    const std::int64_t x = q * spec.stride.w - left + s * spec.dilation.w;
                    if (y < 0 || x < 0 || y >= src[1] || x >= src[2]) continue;
                    for (std::int64_t c = 0; c < src[3]; ++c) {
                        const std::int64_t from = ((n * src[1] + y) * src[2] + x) * src[3] + c;
                        const std::int64_t weight = ((r * spec.kernel.w + s) * src[3] + c) * dst[3];
                        for (std::int64_t k = 0; k < dst[3]; ++k) {
                            visit(static_cast<std::size_t>(from), static_cast<std::size_t>(weight + k),
                                  static_cast<std::size_t>(e * dst[3] + k));
                        }
                    }
                }
            }
        }
    }

    std::vector<double> forward(const std::vector<float>& x, const std::vector<float>& w,
                                const std::vector<float>& bias) const {
        std::vector<double> y(static_cast<std::size_t>(dst.count()));
        for (std::size_t i = 0; i < y.size() && !bias.empty(); ++i) {
            y[i] = static_cast<double>(bias[i % bias.size()]);
        }
        each_product([&](auto from, auto weight, auto to) { y[to] += product(x[from], w[weight]); });
        return y;
    }
    template <class Gradient>
    std::vector<double> backward_src(const std::vector<Gradient>& diff_y, const std::vector<float>& w) const {
        std::vector<double> diff_x(static_cast<std::size_t>(src.count()));
        each_product(
            [&](auto from, auto weight, auto to) { diff_x[from] += product(diff_y[to], w[weight]); });
        return diff_x;
    }
    template <class Gradient>
    std::vector<double> backward_weights(const std::vector<float>& x,
                                         const std::vector<Gradient>& diff_y) const {
        std::vector<double> diff_w(static_cast<std::size_t>(conv2d_weights_shape(src, spec).count()));
        each_product(
            [&](auto from, auto weight, auto to) { diff_w[weight] += product(x[from], diff_y[to]); });
        return diff_w;
    }
    template <class Gradient>
    std::vector<double> backward_bias(const std::vector<Gradient>& diff_y) const {
        std::vector<double> diff_b(static_cast<std::size_t>(spec.channels_out));
        for (std::size_t i = 0; i < diff_y.size(); ++i)
            diff_b[i % diff_b.size()] += static_cast<double>(diff_y[i]);
        return diff_b;
    }

 private:
    template <class A, class B>
    static double product(A a, B b) {
        return static_cast<double>(a) * static_cast<double>(b);
    }
    // TensorFlow's rule, written down once more.
    std::int64_t padding_before(std::int64_t n, std::int64_t out, int kernel, int stride,
                                int dilation) const {
        if (spec.padding == Padding::valid) return 0;
        const std::int64_t total = (out - 1) * stride + std::int64_t{kernel - 1} * dilation + 1 - n;
        return total > 0 ? total / 2 : 0;
    }
};

}  // namespace kickdrum
