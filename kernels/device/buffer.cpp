// SPDX-License-Identifier: MIT
#include "kernels/device/buffer.h"

#include <algorithm>
#include <utility>

#include "kernels/device/context_backend.h"
#include "kernels/device/dispatch.h"

namespace kickdrum {

Buffer::Buffer(Context& context, std::size_t bytes) : context_(&context), bytes_(bytes) {
    require(!context.frozen(), "a buffer of {} bytes was asked for during a training step", bytes);
    if (bytes == 0) return;
    data_ = KICKDRUM_DISPATCH(context, allocate(context, bytes));
    context.bytes_in_use_ += bytes_;
    context.peak_bytes_ = std::max(context.peak_bytes_, context.bytes_in_use_);
}

Buffer::~Buffer() {
    release();
}

Buffer::Buffer(Buffer&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    if (this != &other) {
        release();
        context_ = std::exchange(other.context_, nullptr);
        data_ = std::exchange(other.data_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
}

void Buffer::release() noexcept {
    if (data_ != nullptr) {
        context_->bytes_in_use_ -= bytes_;
        KICKDRUM_DISPATCH(*context_, release(*context_, data_));
    }
    data_ = nullptr;
}

Tensor Buffer::tensor(const Shape& shape, DType dtype, std::size_t offset) const {
    const std::size_t needed = offset + static_cast<std::size_t>(shape.count()) * size_of(dtype);
    require(needed <= bytes_, "a tensor {} of {} bytes doesn't fit a buffer of {}", to_string(shape), needed,
            bytes_);
    return {static_cast<std::byte*>(data_) + offset, shape, dtype, context_->device()};
}

}  // namespace kickdrum
