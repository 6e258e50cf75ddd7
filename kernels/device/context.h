// SPDX-License-Identifier: MIT
// Context: everything one training run needs to execute on a device. Passed by reference, never global, so
// that several runs can live in one process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "kernels/device/device.h"
#include "kernels/device/math.h"
#include "kernels/device/tensor.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {

struct ContextOptions {
    Device device = Device::cpu;
    int threads = 0;                     // worker threads of the CPU backend; 0: one per processor
    std::optional<SimdLevel> simd = {};  // CPU backend; default: the best level of this computer
    Math math = Math::fp32;              // the CPU backend computes in fp32 only
    bool deterministic = true;           // CUDA: only library algorithms that give the same bits each time
};

namespace cuda {
struct ContextState;  // stream, library handles: kernels/cuda/context_cuda.cuh
}

class Context {
 public:
    // Throws DeviceError where the device isn't there, InvalidArgument for a SIMD level or a mode of
    // computing that can't be had there.
    explicit Context(const ContextOptions& options = {});
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    Device device() const { return device_; }
    SimdLevel simd() const { return simd_; }
    Math math() const { return math_; }
    bool deterministic() const { return deterministic_; }
    // What layers keep activations and their gradients in.
    DType activation_dtype() const { return math_ == Math::bf16 ? DType::bf16 : DType::f32; }
    int threads() const { return pool_.threads(); }
    ThreadPool& pool() { return pool_; }

    // From here on a new Buffer on this context throws: a training step allocates nothing.
    void freeze() { frozen_ = true; }
    void thaw() { frozen_ = false; }
    bool frozen() const { return frozen_; }

    // Bytes that this context's living Buffers hold, now and at most.
    std::size_t bytes_in_use() const { return bytes_in_use_; }
    std::size_t peak_bytes() const { return peak_bytes_; }

    // Of a CUDA context; none on the CPU. For the CUDA backend only.
    cuda::ContextState* cuda_state() const { return cuda_state_.get(); }

 private:
    friend class Buffer;
    using CudaState = std::unique_ptr<cuda::ContextState, void (*)(cuda::ContextState*)>;

    Device device_;
    SimdLevel simd_;
    Math math_;
    bool deterministic_;
    CudaState cuda_state_;
    ThreadPool pool_;
    bool frozen_ = false;
    std::size_t bytes_in_use_ = 0;
    std::size_t peak_bytes_ = 0;
};

}  // namespace kickdrum
