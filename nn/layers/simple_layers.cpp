// SPDX-License-Identifier: MIT
#include "nn/layers/simple_layers.h"

#include "kernels/ops/dropout.h"
#include "kernels/ops/elementwise.h"

namespace kickdrum {
namespace {

// In-place layers are usually given one memory for both sides.
void copy_unless_same(Context& context, Tensor src, Tensor dst) {
    if (src.data != dst.data) copy(context, src, dst);
}

RandomStream mask_stream(const Pass& pass, const std::string& name) {
    return random_stream(pass.seed, name);
}

}  // namespace

void DropoutLayer::forward(Context& context, const Pass& pass, Tensor src, Tensor dst) {
    if (pass.training) {
        dropout(context, rate_, mask_stream(pass, name()), pass.state, src, dst);
    } else {
        copy_unless_same(context, src, dst);
    }
}

void DropoutLayer::backward(Context& context, const Pass& pass, Tensor, Tensor, Tensor diff_dst,
                            Tensor diff_src) {
    if (diff_src) dropout(context, rate_, mask_stream(pass, name()), pass.state, diff_dst, diff_src);
}

void FlattenLayer::forward(Context& context, const Pass&, Tensor src, Tensor dst) {
    copy_unless_same(context, src.reshaped(dst.shape), dst);
}

void FlattenLayer::backward(Context& context, const Pass&, Tensor, Tensor, Tensor diff_dst, Tensor diff_src) {
    if (diff_src) copy_unless_same(context, diff_dst.reshaped(diff_src.shape), diff_src);
}

}  // namespace kickdrum
