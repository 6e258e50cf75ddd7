// SPDX-License-Identifier: MIT
// Device memory: pages of its own for each allocation, between guard pages, filled with bytes 0xff. Only work
// on a stream may touch it: while none runs, the pages can't be accessed, so that host code which
// dereferences a device pointer crashes here as it would with a GPU.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>

namespace kickdrum::emulation {

class DeviceMemory {
 public:
    explicit DeviceMemory(std::size_t total) : total_(total) {}
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    // nullptr when there isn't enough.
    void* allocate(std::size_t bytes);
    // False for what isn't allocated.
    bool free(void* pointer);

    // Whether all of [pointer, pointer + bytes) lies in one allocation.
    bool contains(const void* pointer, std::size_t bytes) const;
    bool touches(const void* pointer) const { return contains(pointer, 0); }
    // "4096 bytes at 0x...": the allocation at or near an address, freed ones too; for messages.
    std::string describe(const void* pointer) const;
    // The description of an allocation around which something was written; empty: none.
    std::string damaged() const;

    void open();  // until close(), its contents may be read and written
    void close();

    std::size_t total() const { return total_; }
    std::size_t used() const { return used_; }
    std::size_t count() const { return blocks_.size(); }
    void set_total(std::size_t total) { total_ = total; }

 private:
    struct Block {
        std::size_t bytes = 0;  // as asked for
        char* pages = nullptr;  // between the guard pages
        std::size_t page_bytes = 0;
    };
    void release(const Block& block);

    std::map<const char*, Block> blocks_;  // by the pointer that the program has
    std::deque<std::pair<const char*, Block>> freed_;
    std::size_t total_;
    std::size_t used_ = 0;
    bool open_ = false;
};

}  // namespace kickdrum::emulation
