// SPDX-License-Identifier: MIT
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void require_tensor(const Context& context, std::string_view what, const Tensor& tensor, DType dtype) {
    require(tensor.data != nullptr, "{} is missing", what);
    require(tensor.count() > 0, "{} is empty", what);
    require(tensor.dtype == dtype, "{} is {}, expected {}", what, to_string(tensor.dtype), to_string(dtype));
    require(tensor.device == context.device(), "{} is on {}, but the operation runs on {}", what,
            to_string(tensor.device), to_string(context.device()));
}

DType activation_type(const Context& context, const Tensor& tensor) {
    return context.device() == Device::cuda && tensor.dtype == DType::bf16 ? DType::bf16 : DType::f32;
}

void require_tensor(const Context& context, std::string_view what, const Tensor& tensor, const Shape& shape,
                    DType dtype) {
    require_tensor(context, what, tensor, dtype);
    if (tensor.shape == shape) return;  // the texts of the message are made only for a message
    throw InvalidArgument(
        fmt::format("{} is {}, expected {}", what, to_string(tensor.shape), to_string(shape)));
}

void require_elements(const Context& context, std::string_view what, const Tensor& tensor, std::int64_t count,
                      DType dtype) {
    require_tensor(context, what, tensor, dtype);
    require(tensor.count() == count, "{} has {} elements, expected {}", what, tensor.count(), count);
}

Shape planned_shape(std::string_view op, const Shape& planned, const Tensor& tensor) {
    const std::int64_t rows = tensor.shape.rank() == 0 ? 0 : tensor.rows();
    require(rows <= planned[0], "{}: {} clips, but the plan was made for {}", op, rows, planned[0]);
    return planned.with_rows(rows);
}

void require_scratch(const Context& context, std::string_view what, const Tensor& scratch,
                     std::size_t bytes) {
    require(scratch.data != nullptr || bytes == 0, "{} is missing", what);
    require(scratch.bytes() >= bytes, "{} has {} bytes, but {} are needed", what, scratch.bytes(), bytes);
    require(scratch.device == context.device(), "{} is on {}, but the operation runs on {}", what,
            to_string(scratch.device), to_string(context.device()));
}

}  // namespace kickdrum
