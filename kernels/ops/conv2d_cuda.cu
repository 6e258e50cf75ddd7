// SPDX-License-Identifier: MIT
// The three passes are the library's; the bias and its gradient are ours.
#include <algorithm>
#include <string>

#include "kernels/cuda/column_sums.cuh"
#include "kernels/cuda/conv_engines.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/ops/conv2d.h"

namespace kickdrum::cuda {
namespace {

constexpr std::int64_t kRowsOfBlock = 64;

// image[row, column] += bias[column], in place. `columns` counts vectors.
template <class T, int V>
__global__ void __launch_bounds__(kColumnThreads)
    add_channel_bias_kernel(T* image, std::int64_t rows, int columns, const float* bias) {
    const ColumnWalk walk(columns);
    if (!walk.active) return;
    float b[V];
#pragma unroll
    for (int v = 0; v < V; ++v) b[v] = bias[walk.column * V + v];
    const std::int64_t begin = blockIdx.x * kRowsOfBlock;
    const std::int64_t end = begin + kRowsOfBlock < rows ? begin + kRowsOfBlock : rows;
    for (std::int64_t row = begin + walk.lane; row < end; row += walk.lanes) {
        T* const at = image + (row * columns + walk.column) * V;
        auto x = load_vector<V>(at);
#pragma unroll
        for (int v = 0; v < V; ++v) x[v] = from_float<T>(to_float(x[v]) + b[v]);
        store_vector(at, x);
    }
}

void add_channel_bias(Context& context, Tensor image, Tensor bias) {
    const std::int64_t channels = bias.count();
    const std::int64_t rows = image.count() / channels;
    with_vectors(image.dtype, channels, {image.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     const auto vectors = static_cast<int>(channels / kSize);
                     launch(context, add_channel_bias_kernel<T, kSize>,
                            column_launch(divide_up(rows, kRowsOfBlock), vectors), data_of<T>(image), rows,
                            vectors, bias.f32());
                 });
}

class EngineConv2d : public Conv2d {
 public:
    EngineConv2d(Context& context, const Shape& src, const Conv2dSpec& spec)
        : Conv2d(src, spec), engines_(context, src, spec), name_(engines_.description()) {
        scratch_bytes_ = engines_.scratch_bytes();
        if (spec.has_bias) {
            scratch_bytes_ = std::max(
                scratch_bytes_, column_sums_bytes(dst_shape_.count() / spec.channels_out, spec.channels_out));
        }
    }

    std::size_t scratch_bytes() const override { return scratch_bytes_; }
    std::string_view implementation() const override { return name_; }

 private:
    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor scratch) override {
        engines_.forward(context, src, weights, dst, scratch);
        if (bias) add_channel_bias(context, dst, bias);
    }
    void do_backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src,
                         Tensor scratch) override {
        engines_.backward_src(context, diff_dst, weights, diff_src, scratch);
    }
    void do_backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                             Tensor diff_bias, Tensor scratch) override {
        engines_.backward_weights(context, src, diff_dst, diff_weights, scratch);
        if (diff_bias) column_sums(context, diff_dst, spec_.channels_out, diff_bias.f32(), scratch.data);
    }

    ConvEngines engines_;
    std::string name_;
    std::size_t scratch_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Conv2d> make_conv2d(Context& context, const Shape& src, const Conv2dSpec& spec) {
    conv2d_dst_shape(src, spec);
    return std::make_unique<EngineConv2d>(context, src, spec);
}

}  // namespace kickdrum::cuda
