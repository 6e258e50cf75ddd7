// SPDX-License-Identifier: MIT
#include "kernels/device/transfer.h"

#include <bit>
#include <cstring>
#include <utility>

#include "kernels/device/dispatch.h"

namespace kickdrum {
namespace {

void require_here(const Context& context, std::string_view what, const Tensor& tensor) {
    require(tensor.data != nullptr, "{} is missing", what);
    require(tensor.device == context.device(), "{} is on {}, but the context is on {}", what,
            to_string(tensor.device), to_string(context.device()));
}

void require_inside(const HostBuffer& host, std::size_t offset, std::size_t bytes) {
    require(offset + bytes <= host.bytes(), "{} bytes at {} don't fit a host buffer of {}", bytes, offset,
            host.bytes());
}

}  // namespace

void upload(Context& context, const void* host, Tensor dst) {
    require_here(context, "upload: dst", dst);
    KICKDRUM_DISPATCH(context, upload_async(context, host, dst));
    synchronize(context);
}

void download(Context& context, Tensor src, void* host) {
    require_here(context, "download: src", src);
    KICKDRUM_DISPATCH(context, download_async(context, src, host));
    synchronize(context);
}

std::vector<float> download_f32(Context& context, Tensor src) {
    require(src.dtype == DType::f32 || src.dtype == DType::bf16, "download_f32: src is {}",
            to_string(src.dtype));
    std::vector<float> values(static_cast<std::size_t>(src.count()));
    if (src.dtype == DType::f32) {
        download(context, src, values.data());
        return values;
    }
    std::vector<std::uint16_t> halves(values.size());
    download(context, src, halves.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(halves[i]) << 16U);
    }
    return values;
}

void synchronize(Context& context) {
    KICKDRUM_DISPATCH(context, synchronize(context));
}

void upload_async(Context& context, const HostBuffer& host, std::size_t offset, Tensor dst) {
    require_here(context, "upload_async: dst", dst);
    require_inside(host, offset, dst.bytes());
    KICKDRUM_DISPATCH(context, upload_async(context, host.data() + offset, dst));
}

void download_async(Context& context, Tensor src, const HostBuffer& host, std::size_t offset) {
    require_here(context, "download_async: src", src);
    require_inside(host, offset, src.bytes());
    KICKDRUM_DISPATCH(context, download_async(context, src, host.data() + offset));
}

HostBuffer::HostBuffer(Context& context, std::size_t bytes) : context_(&context), bytes_(bytes) {
    require(!context.frozen(), "a host buffer of {} bytes was asked for during a training step", bytes);
    if (bytes == 0) return;
    data_ = static_cast<std::byte*>(KICKDRUM_DISPATCH(context, allocate_host(context, bytes)));
    std::memset(data_, 0, bytes);
}

HostBuffer::~HostBuffer() {
    release();
}

HostBuffer::HostBuffer(HostBuffer&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

HostBuffer& HostBuffer::operator=(HostBuffer&& other) noexcept {
    if (this != &other) {
        release();
        context_ = std::exchange(other.context_, nullptr);
        data_ = std::exchange(other.data_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
}

void HostBuffer::release() noexcept {
    if (data_ != nullptr) KICKDRUM_DISPATCH(*context_, release_host(*context_, data_));
    data_ = nullptr;
}

}  // namespace kickdrum
