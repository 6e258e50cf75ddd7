// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace kickdrum::emulation {

// A block's shared arrays. Each is memory of its own, so that an access past its end doesn't hit its
// neighbour unseen.
class SharedMemory {
 public:
    ~SharedMemory() { clear(); }
    // Before each launch: forgets all arrays.
    void begin_launch(std::size_t dynamic_bytes);
    // Before each block: their contents are gone. After: throws KernelError where one was written past its
    // end.
    void begin_block();
    void end_block();
    void clear();

    // Throws KernelError over the limit.
    void* array(const void* key, const char* name, std::size_t bytes);
    void* dynamic() { return arrays_[0].memory; }

 private:
    struct Array {
        const void* key;
        std::string name;
        char* memory;
        std::size_t bytes;
    };
    void add(const void* key, const char* name, std::size_t bytes);

    std::vector<Array> arrays_;  // the first is the dynamic one
    std::size_t static_bytes_ = 0;
};

}  // namespace kickdrum::emulation
