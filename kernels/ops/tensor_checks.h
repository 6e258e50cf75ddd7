// SPDX-License-Identifier: MIT
// Checks of arguments that several operations share. `what` names operation and argument ("add: dst"). They
// throw InvalidArgument and, while all is well, cost a few comparisons and no allocation.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

// The tensor is there, isn't empty, has this type and lives on the context's device.
void require_tensor(const Context& context, std::string_view what, const Tensor& tensor,
                    DType dtype = DType::f32);
// ... and has this shape.
void require_tensor(const Context& context, std::string_view what, const Tensor& tensor, const Shape& shape,
                    DType dtype = DType::f32);
// ... and has this many elements, whatever its shape.
void require_elements(const Context& context, std::string_view what, const Tensor& tensor, std::int64_t count,
                      DType dtype = DType::f32);
// The planned shape with the clips of this tensor, which may be fewer than planned but not more. `op` names
// the operation.
Shape planned_shape(std::string_view op, const Shape& planned, const Tensor& tensor);
// Scratch is there and holds at least `bytes`.
void require_scratch(const Context& context, std::string_view what, const Tensor& scratch, std::size_t bytes);

// The type to check an activation, or its gradient, against: the tensor's own where activations may have it
// (f32, on CUDA bf16), else f32.
DType activation_type(const Context& context, const Tensor& tensor);

}  // namespace kickdrum
