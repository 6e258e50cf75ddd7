// SPDX-License-Identifier: MIT
#include "kernels/ops/elementwise.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void fill(Context& context, float value, Tensor dst) {
    require_tensor(context, "fill: dst", dst);
    KICKDRUM_DISPATCH(context, fill(context, value, dst));
}

void copy(Context& context, Tensor src, Tensor dst) {
    require_tensor(context, "copy: src", src);
    require_elements(context, "copy: dst", dst, src.count());
    KICKDRUM_DISPATCH(context, copy(context, src, dst));
}

void add(Context& context, Tensor a, Tensor b, Tensor dst) {
    require_tensor(context, "add: a", a);
    require_elements(context, "add: b", b, a.count());
    require_elements(context, "add: dst", dst, a.count());
    KICKDRUM_DISPATCH(context, add(context, a, b, dst));
}

void scale(Context& context, float factor, Tensor dst) {
    require_tensor(context, "scale: dst", dst);
    KICKDRUM_DISPATCH(context, scale(context, factor, dst));
}

void gather_rows(Context& context, Tensor src, Tensor indices, Tensor dst) {
    require_tensor(context, "gather_rows: src", src, src.dtype);
    require_tensor(context, "gather_rows: indices", indices, DType::i32);
    require(indices.shape.rank() == 1, "gather_rows: indices must have one axis, not {}",
            indices.shape.rank());
    require_tensor(context, "gather_rows: dst", dst, src.shape.with_rows(indices.rows()), src.dtype);
    KICKDRUM_DISPATCH(context, gather_rows(context, src, indices, dst));
}

}  // namespace kickdrum
