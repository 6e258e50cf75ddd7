// SPDX-License-Identifier: MIT
// What the benchmarks of CUDA kernels are made of: a case says how many bytes and operations a call has by a
// stated model, and the program times it warm (the same call again and again, so that what fits stays in the
// L2 cache) and cold (the L2 cache is overwritten before each call).
#pragma once

#include <any>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/cuda/gpu_limits.h"
#include "kernels/device/buffer.h"
#include "kernels/device/context.h"

namespace kickdrum {

// Shapes: the main network's, or small ones for a device that is emulated.
struct GpuScale {
    std::int64_t batch = 64;
    std::int64_t side = 128;  // of a picture
    std::int64_t samples = 8 * 22050;
};

// A call that is ready to be made.
struct GpuCall {
    std::function<void()> run;  // asks the device for it, doesn't wait
    double bytes = 0;           // that must cross the memory bus once: each tensor read or written
    double flops = 0;
    Arithmetic arithmetic = Arithmetic::fp32;
    std::string label{};  // which algorithm a library chose
    std::any memory{};    // what `run` uses
};

struct GpuCase {
    std::string name;  // "conv_block_1/forward"; what it is compared with ends in "/peer: ..."
    std::function<GpuCall(Context&, const GpuScale&)> prepare;
};

std::vector<GpuCase> conv_cases();
std::vector<GpuCase> dense_cases();
std::vector<GpuCase> element_cases();
std::vector<GpuCase> sound_cases();

// A tensor of the device, filled with uniform numbers in [-1, 1) or, where it isn't f32 or bf16, with zeros.
class GpuTensor {
 public:
    GpuTensor(Context& context, const Shape& shape, DType dtype = DType::f32);
    // Scratch.
    GpuTensor(Context& context, std::size_t bytes);
    operator Tensor() const { return tensor_; }
    const Tensor& tensor() const { return tensor_; }

 private:
    std::shared_ptr<Buffer> buffer_;  // shared: a call's std::any is copied
    Tensor tensor_;
};

// Bytes of all of them.
double bytes_of(std::initializer_list<Tensor> tensors);

// Times on the GPU's own clock.
class GpuTimer {
 public:
    // flushed_bytes: what is overwritten to empty the L2 cache; 0: twice its size.
    explicit GpuTimer(Context& context, std::size_t flushed_bytes = 0);
    ~GpuTimer();
    GpuTimer(const GpuTimer&) = delete;
    GpuTimer& operator=(const GpuTimer&) = delete;

    const GpuProperties& gpu() const { return gpu_; }
    // Seconds of one of `calls` calls in a row.
    double warm(const std::function<void()>& run, int calls);
    // Seconds of one call on a cold L2 cache.
    double cold(const std::function<void()>& run);

 private:
    struct Events;
    Context& context_;
    GpuProperties gpu_;
    std::unique_ptr<Events> events_;
    Buffer flushed_;
};

}  // namespace kickdrum
