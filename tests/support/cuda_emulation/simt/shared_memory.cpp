// SPDX-License-Identifier: MIT
#include "tests/support/cuda_emulation/simt/shared_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tests/support/cuda_emulation/simt/grid.h"
#include "tests/support/cuda_emulation/simt/sanitizer.h"

namespace kickdrum::emulation {
namespace {

constexpr std::size_t kAlignment = 128;
constexpr std::size_t kCanaryBytes = 64;

std::size_t allocated_bytes(std::size_t bytes) {
    return (bytes + kCanaryBytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

void SharedMemory::clear() {
    for (const Array& array : arrays_) {
        allow(array.memory, allocated_bytes(array.bytes));
        std::free(array.memory);
    }
    arrays_.clear();
    static_bytes_ = 0;
}

void SharedMemory::begin_launch(std::size_t dynamic_bytes) {
    clear();
    add(nullptr, "the dynamic shared memory", dynamic_bytes);
}

void SharedMemory::add(const void* key, const char* name, std::size_t bytes) {
    const std::size_t allocated = allocated_bytes(bytes);
    char* memory = static_cast<char*>(std::aligned_alloc(kAlignment, allocated));
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, kPoison, allocated);
    forbid(memory + bytes, allocated - bytes);
    arrays_.push_back({key, name, memory, bytes});
}

void SharedMemory::begin_block() {
    for (const Array& array : arrays_) std::memset(array.memory, kPoison, array.bytes);
}

void SharedMemory::end_block() {
    if constexpr (kAddressSanitizer) return;  // it has seen the access itself
    for (const Array& array : arrays_) {
        char* end = array.memory + array.bytes;
        const auto untouched = [](char byte) { return byte == static_cast<char>(kPoison); };
        if (!std::all_of(end, array.memory + allocated_bytes(array.bytes), untouched)) {
            throw KernelError(fmt::format("a write past the end of {} ({} bytes of shared memory)",
                                          array.name, array.bytes));
        }
    }
}

void* SharedMemory::array(const void* key, const char* name, std::size_t bytes) {
    for (const Array& array : arrays_) {
        if (array.key == key) return array.memory;
    }
    static_bytes_ += bytes;
    if (static_bytes_ > kStaticSharedLimit || static_bytes_ + arrays_[0].bytes > kSharedLimit) {
        throw KernelError(
            fmt::format("{} bytes of static and {} of dynamic shared memory are more than a block can have",
                        static_bytes_, arrays_[0].bytes));
    }
    add(key, name, bytes);
    return arrays_.back().memory;
}

}  // namespace kickdrum::emulation
