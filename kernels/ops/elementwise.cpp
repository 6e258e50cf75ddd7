// SPDX-License-Identifier: MIT
#include "kernels/ops/elementwise.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void fill(Context& context, float value, Tensor dst) {
    require_tensor(context, "fill: dst", dst, activation_type(context, dst));
    KICKDRUM_DISPATCH(context, fill(context, value, dst));
}

void copy(Context& context, Tensor src, Tensor dst) {
    const DType dtype = activation_type(context, src);
    require_tensor(context, "copy: src", src, dtype);
    require_elements(context, "copy: dst", dst, src.count(), dtype);
    KICKDRUM_DISPATCH(context, copy(context, src, dst));
}

void add(Context& context, Tensor a, Tensor b, Tensor dst) {
    const DType dtype = activation_type(context, a);
    require_tensor(context, "add: a", a, dtype);
    require_elements(context, "add: b", b, a.count(), dtype);
    require_elements(context, "add: dst", dst, a.count(), dtype);
    KICKDRUM_DISPATCH(context, add(context, a, b, dst));
}

void scale(Context& context, float factor, Tensor dst) {
    require_tensor(context, "scale: dst", dst, activation_type(context, dst));
    KICKDRUM_DISPATCH(context, scale(context, factor, dst));
}

void gather_rows(Context& context, Tensor src, Tensor indices, Tensor dst) {
    require_tensor(context, "gather_rows: src", src, src.dtype);
    require_tensor(context, "gather_rows: indices", indices, DType::i32);
    require(indices.shape.rank() == 1, "gather_rows: indices must have one axis, not {}",
            indices.shape.rank());
    const DType dtype = src.dtype == DType::f32 ? activation_type(context, dst) : src.dtype;
    require_tensor(context, "gather_rows: dst", dst, src.shape.with_rows(indices.rows()), dtype);
    KICKDRUM_DISPATCH(context, gather_rows(context, src, indices, dst));
}

}  // namespace kickdrum
