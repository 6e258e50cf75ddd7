// SPDX-License-Identifier: MIT
// Buffer: owns bytes on a context's device. Zero-filled; on the CPU 64-byte aligned (2 MiB and huge pages
// from 2 MiB on), on CUDA 256-byte aligned and released only when the device is done with it. Move-only.
// Constructing one on a frozen context throws: that's how "a training step allocates nothing" is kept.
#pragma once

#include <cstddef>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

class Buffer {
 public:
    Buffer() = default;
    Buffer(Context& context, std::size_t bytes);
    ~Buffer();
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&& other) noexcept;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    void* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }

    // A view of the memory from `offset` bytes on; throws InvalidArgument where it doesn't fit.
    Tensor tensor(const Shape& shape, DType dtype = DType::f32, std::size_t offset = 0) const;

 private:
    void release() noexcept;

    Context* context_ = nullptr;
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace kickdrum
