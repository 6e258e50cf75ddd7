// SPDX-License-Identifier: MIT
// Between the host's memory and a context's device. On the CPU these are plain copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/device/buffer.h"

namespace kickdrum {

// Copies dst.bytes() bytes to the device, src.bytes() from it. They return when it's done: the host's memory
// may be changed, or read, at once.
void upload(Context& context, const void* host, Tensor dst);
void download(Context& context, Tensor src, void* host);

// A tensor's values on the host; bf16 is widened. Throws InvalidArgument for other types than f32 and bf16.
std::vector<float> download_f32(Context& context, Tensor src);

// Waits for everything that was asked of the context's device, and throws DeviceError where some of it
// failed.
void synchronize(Context& context);

// Memory of the host that a device can copy from and to while the host goes on. Zero-filled. Like a Buffer,
// it can't be had on a frozen context.
class HostBuffer {
 public:
    HostBuffer() = default;
    HostBuffer(Context& context, std::size_t bytes);
    ~HostBuffer();
    HostBuffer(HostBuffer&& other) noexcept;
    HostBuffer& operator=(HostBuffer&& other) noexcept;
    HostBuffer(const HostBuffer&) = delete;
    HostBuffer& operator=(const HostBuffer&) = delete;

    std::byte* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }

 private:
    void release() noexcept;

    Context* context_ = nullptr;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
};

// In the order of the context's work, without waiting: the bytes of `host` from `offset` on must stay as they
// are, or can't be read, until synchronize().
void upload_async(Context& context, const HostBuffer& host, std::size_t offset, Tensor dst);
void download_async(Context& context, Tensor src, const HostBuffer& host, std::size_t offset);

// The backend's half: arguments are checked already.
namespace cpu {
void upload_async(Context& context, const void* host, Tensor dst);
void download_async(Context& context, Tensor src, void* host);
void synchronize(Context& context);
void* allocate_host(Context& context, std::size_t bytes);
void release_host(Context& context, void* memory) noexcept;
}  // namespace cpu
namespace cuda {
void upload_async(Context& context, const void* host, Tensor dst);
void download_async(Context& context, Tensor src, void* host);
void synchronize(Context& context);
void* allocate_host(Context& context, std::size_t bytes);
void release_host(Context& context, void* memory) noexcept;
}  // namespace cuda

}  // namespace kickdrum
