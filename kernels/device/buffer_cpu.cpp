// SPDX-License-Identifier: MIT
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "kernels/device/buffer.h"

namespace kickdrum {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

Buffer::Buffer(Context& context, std::size_t bytes) : context_(&context), bytes_(bytes) {
    require(!context.frozen(), "a buffer of {} bytes was asked for during a training step", bytes);
    if (bytes == 0) return;
    const std::size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
    // Vector code may read, never write, up to one vector past the end.
    const std::size_t padded = (bytes + kAlignment + alignment - 1) / alignment * alignment;
    data_ = std::aligned_alloc(alignment, padded);
    if (data_ == nullptr) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
    // Only a hint: without it the same program runs, some percent slower.
    if (alignment == kHugePage) madvise(data_, padded, MADV_HUGEPAGE);
#endif
    std::memset(data_, 0, padded);
    context.bytes_in_use_ += bytes_;
    context.peak_bytes_ = std::max(context.peak_bytes_, context.bytes_in_use_);
}

Buffer::~Buffer() { release(); }

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
        std::free(data_);
    }
    data_ = nullptr;
}

Tensor Buffer::tensor(const Shape& shape, DType dtype, std::size_t offset) const {
    const std::size_t needed = offset + static_cast<std::size_t>(shape.count()) * size_of(dtype);
    require(needed <= bytes_, "a tensor {} of {} bytes doesn't fit a buffer of {}", to_string(shape), needed, bytes_);
    return {static_cast<std::byte*>(data_) + offset, shape, dtype, context_->device()};
}

}  // namespace kickdrum
