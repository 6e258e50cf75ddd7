// SPDX-License-Identifier: MIT
#include "kernels/device/tensor.h"

#include <algorithm>

namespace kickdrum {

std::string_view to_string(DType dtype) {
    switch (dtype) {
        case DType::f32: return "f32";
        case DType::bf16: return "bf16";
        case DType::i32: return "i32";
        case DType::u8: return "u8";
    }
    return "?";
}

Shape::Shape(std::initializer_list<std::int64_t> extents) : rank_(static_cast<int>(extents.size())) {
    require(extents.size() <= kMaxRank, "a shape has at most {} axes, not {}", static_cast<int>(kMaxRank),
            extents.size());
    for (const auto extent : extents) require(extent >= 0, "a shape can't have an extent of {}", extent);
    std::copy(extents.begin(), extents.end(), extents_.begin());
}

std::int64_t Shape::count() const {
    std::int64_t count = rank_ == 0 ? 0 : 1;
    for (int axis = 0; axis < rank_; ++axis) count *= (*this)[axis];
    return count;
}

Shape Shape::with_rows(std::int64_t rows) const {
    Shape other = *this;
    other.extents_[0] = rows;
    return other;
}

std::string to_string(const Shape& shape) {
    std::string text = "(";
    for (int axis = 0; axis < shape.rank(); ++axis) {
        if (axis > 0) text += ", ";
        text += std::to_string(shape[axis]);
    }
    return text + ")";
}

Tensor Tensor::reshaped(const Shape& other) const {
    require(other.count() <= shape.count(), "can't see {} elements of shape {} as {}", shape.count(),
            to_string(shape), to_string(other));
    Tensor view = *this;
    view.shape = other;
    return view;
}

void require_shape(std::string_view what, const Tensor& tensor, const Shape& expected, DType dtype) {
    require(tensor.data != nullptr || expected.count() == 0, "{} is missing", what);
    require(tensor.shape == expected, "{} is {}, expected {}", what, to_string(tensor.shape),
            to_string(expected));
    require(tensor.dtype == dtype, "{} is {}, expected {}", what, to_string(tensor.dtype), to_string(dtype));
}

}  // namespace kickdrum
