// SPDX-License-Identifier: MIT
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/device/context_backend.h"

namespace kickdrum::cpu {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

void* allocate(Context&, std::size_t bytes) {
    const std::size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
    // Vector code may read, never write, up to one vector past the end.
    const std::size_t padded = (bytes + kAlignment + alignment - 1) / alignment * alignment;
    void* memory = std::aligned_alloc(alignment, padded);
    if (memory == nullptr) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
    // Only a hint: without it the same program runs, some percent slower.
    if (alignment == kHugePage) madvise(memory, padded, MADV_HUGEPAGE);
#endif
    std::memset(memory, 0, padded);
    return memory;
}

void release(Context&, void* memory) noexcept {
    std::free(memory);
}

}  // namespace kickdrum::cpu
