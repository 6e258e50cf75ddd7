// SPDX-License-Identifier: MIT
#include "tests/support/cuda_emulation/runtime/device_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "tests/support/cuda_emulation/simt/grid.h"
#include "tests/support/cuda_emulation/simt/sanitizer.h"

namespace kickdrum::emulation {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kAlignment = 256;  // what cudaMalloc promises
constexpr std::size_t kKeptFreed = 64;   // freed addresses that stay forbidden for a while

std::size_t round_up(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

// At most a page.
bool untouched(const char* begin, const char* end) {
    static const std::string poison(kPage, static_cast<char>(kPoison));
    return std::memcmp(begin, poison.data(), static_cast<std::size_t>(end - begin)) == 0;
}

}  // namespace

void* DeviceMemory::allocate(std::size_t bytes) {
    const std::size_t rounded = round_up(std::max<std::size_t>(bytes, 1), kAlignment);
    if (rounded > total_ - std::min(used_, total_)) return nullptr;
    const std::size_t page_bytes = round_up(rounded, kPage);
    void* mapped =
        mmap(nullptr, page_bytes + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    char* pages = static_cast<char*>(mapped) + kPage;
    mprotect(pages, page_bytes, PROT_READ | PROT_WRITE);
    std::memset(pages, kPoison, page_bytes);
    // The end of the memory is the end of the pages, as near as the alignment allows.
    char* pointer = pages + (page_bytes - rounded);
    forbid(pages, page_bytes - rounded);
    forbid(pointer + bytes, rounded - bytes);
    if (!open_) mprotect(pages, page_bytes, PROT_NONE);
    blocks_[pointer] = {bytes, pages, page_bytes};
    used_ += rounded;
    return pointer;
}

bool DeviceMemory::free(void* pointer) {
    const auto found = blocks_.find(static_cast<const char*>(pointer));
    if (found == blocks_.end()) return false;
    const Block& block = found->second;
    used_ -= round_up(std::max<std::size_t>(block.bytes, 1), kAlignment);
    madvise(block.pages, block.page_bytes, MADV_DONTNEED);
    mprotect(block.pages, block.page_bytes, PROT_NONE);
    freed_.emplace_back(found->first, block);
    blocks_.erase(found);
    if (freed_.size() > kKeptFreed) {
        release(freed_.front().second);
        freed_.pop_front();
    }
    return true;
}

void DeviceMemory::release(const Block& block) {
    allow(block.pages, block.page_bytes);
    munmap(block.pages - kPage, block.page_bytes + 2 * kPage);
}

bool DeviceMemory::contains(const void* pointer, std::size_t bytes) const {
    const char* address = static_cast<const char*>(pointer);
    auto found = blocks_.upper_bound(address);
    if (found == blocks_.begin()) return false;
    --found;
    const auto offset = static_cast<std::size_t>(address - found->first);
    return offset <= found->second.bytes && bytes <= found->second.bytes - offset;
}

std::string DeviceMemory::describe(const void* pointer) const {
    const char* address = static_cast<const char*>(pointer);
    const auto near = [address](const Block& block) {
        return address >= block.pages - kPage && address < block.pages + block.page_bytes + kPage;
    };
    const auto text = [address](const char* begin, const Block& block, const char* state) {
        return fmt::format("{}device memory of {} bytes, at byte {}", state, block.bytes, address - begin);
    };
    for (const auto& [begin, block] : blocks_) {
        if (near(block)) return text(begin, block, "");
    }
    for (const auto& [begin, block] : freed_) {
        if (near(block)) return text(begin, block, "freed ");
    }
    return {};
}

std::string DeviceMemory::damaged() const {
    if constexpr (kAddressSanitizer) return {};  // it has seen the access itself
    for (const auto& [begin, block] : blocks_) {
        if (!untouched(block.pages, begin) ||
            !untouched(begin + block.bytes, block.pages + block.page_bytes)) {
            return fmt::format("device memory of {} bytes", block.bytes);
        }
    }
    return {};
}

void DeviceMemory::open() {
    open_ = true;
    for (const auto& [begin, block] : blocks_)
        mprotect(block.pages, block.page_bytes, PROT_READ | PROT_WRITE);
}

void DeviceMemory::close() {
    open_ = false;
    for (const auto& [begin, block] : blocks_) mprotect(block.pages, block.page_bytes, PROT_NONE);
}

}  // namespace kickdrum::emulation
