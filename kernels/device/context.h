// SPDX-License-Identifier: MIT
// Context: everything one training run needs to execute on a device. Passed by reference, never global, so that
// several runs can live in one process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "kernels/device/device.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {

struct ContextOptions {
    Device device = Device::cpu;
    int threads = 0;                     // worker threads of the CPU backend; 0: one per processor
    std::optional<SimdLevel> simd = {};  // CPU backend; default: the best level of this computer
};

class Context {
 public:
    // Throws DeviceError where the device isn't there, InvalidArgument for a SIMD level that can't run here.
    explicit Context(const ContextOptions& options = {});
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    Device device() const { return device_; }
    SimdLevel simd() const { return simd_; }
    int threads() const { return pool_.threads(); }
    ThreadPool& pool() { return pool_; }

    // From here on a new Buffer on this context throws: a training step allocates nothing.
    void freeze() { frozen_ = true; }
    void thaw() { frozen_ = false; }
    bool frozen() const { return frozen_; }

    // Bytes that this context's living Buffers hold, now and at most.
    std::size_t bytes_in_use() const { return bytes_in_use_; }
    std::size_t peak_bytes() const { return peak_bytes_; }

 private:
    friend class Buffer;
    Device device_;
    SimdLevel simd_;
    ThreadPool pool_;
    bool frozen_ = false;
    std::size_t bytes_in_use_ = 0;
    std::size_t peak_bytes_ = 0;
};

}  // namespace kickdrum
