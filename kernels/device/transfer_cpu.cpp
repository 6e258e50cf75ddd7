// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/device/transfer.h"

namespace kickdrum::cpu {

void upload_async(Context&, const void* host, Tensor dst) {
    std::memcpy(dst.data, host, dst.bytes());
}

void download_async(Context&, Tensor src, void* host) {
    std::memcpy(host, src.data, src.bytes());
}

void synchronize(Context&) {}

void* allocate_host(Context&, std::size_t bytes) {
    void* memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

void release_host(Context&, void* memory) noexcept {
    std::free(memory);
}

}  // namespace kickdrum::cpu
