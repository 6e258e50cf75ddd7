// SPDX-License-Identifier: MIT
#include <algorithm>

#include "benchmarks/cuda/gpu_bench.h"
#include "kernels/cuda/check.cuh"
#include "kernels/cuda/context_cuda.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/vec.cuh"
#include "kernels/device/philox.h"
#include "kernels/device/transfer.h"

namespace kickdrum {
namespace {

int attribute(cudaDeviceAttr which) {
    int value = 0;
    KICKDRUM_CUDA_CHECK(cudaDeviceGetAttribute(&value, which, 0));
    return value;
}

GpuProperties properties(Context& context) {
    const cuda::DeviceInfo& info = cuda::device_info(context);
    return {.name = info.name,
            .architecture = info.architecture,
            .multiprocessors = info.multiprocessors,
            .clock_hz = 1e3 * attribute(cudaDevAttrClockRate),
            .memory_clock_hz = 1e3 * attribute(cudaDevAttrMemoryClockRate),
            .memory_bus_bits = attribute(cudaDevAttrGlobalMemoryBusWidth),
            .l2_bytes = static_cast<std::size_t>(attribute(cudaDevAttrL2CacheSize))};
}

std::vector<float> uniform_numbers(std::int64_t count) {
    const RandomStream stream = random_stream(1, "benchmark");
    std::vector<float> values(static_cast<std::size_t>(count));
    Philox4 words{};
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i % 4 == 0) words = philox(stream, i / 4);
        values[i] = 2 * uniform01(words[i % 4]) - 1;
    }
    return values;
}

}  // namespace

GpuTensor::GpuTensor(Context& context, const Shape& shape, DType dtype)
    : buffer_(std::make_shared<Buffer>(context, static_cast<std::size_t>(shape.count()) * size_of(dtype))),
      tensor_(buffer_->tensor(shape, dtype)) {
    if (dtype != DType::f32 && dtype != DType::bf16) return;
    const std::vector<float> values = uniform_numbers(shape.count());
    if (dtype == DType::f32) {
        upload(context, values.data(), tensor_);
        return;
    }
    std::vector<cuda::bf16> halves(values.size());
    std::transform(values.begin(), values.end(), halves.begin(),
                   [](float value) { return cuda::from_float<cuda::bf16>(value); });
    upload(context, halves.data(), tensor_);
}

GpuTensor::GpuTensor(Context& context, std::size_t bytes)
    : GpuTensor(context, Shape{static_cast<std::int64_t>(std::max<std::size_t>(bytes, 1))}, DType::u8) {}

double bytes_of(std::initializer_list<Tensor> tensors) {
    double bytes = 0;
    for (const Tensor& tensor : tensors) bytes += static_cast<double>(tensor.bytes());
    return bytes;
}

struct GpuTimer::Events {
    cudaEvent_t begin = nullptr;
    cudaEvent_t end = nullptr;

    Events() {
        KICKDRUM_CUDA_CHECK(cudaEventCreate(&begin));
        KICKDRUM_CUDA_CHECK(cudaEventCreate(&end));
    }
    ~Events() {
        if (begin != nullptr) static_cast<void>(cudaEventDestroy(begin));
        if (end != nullptr) static_cast<void>(cudaEventDestroy(end));
    }
    // Of what was asked for between the two.
    double seconds() const {
        KICKDRUM_CUDA_CHECK(cudaEventSynchronize(end));
        float milliseconds = 0;
        KICKDRUM_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, begin, end));
        return 1e-3 * static_cast<double>(milliseconds);
    }
};

GpuTimer::GpuTimer(Context& context, std::size_t flushed_bytes)
    : context_(context),
      gpu_(properties(context)),
      events_(std::make_unique<Events>()),
      flushed_(context, flushed_bytes > 0 ? flushed_bytes : 2 * gpu_.l2_bytes) {}

GpuTimer::~GpuTimer() = default;

double GpuTimer::warm(const std::function<void()>& run, int calls) {
    KICKDRUM_CUDA_CHECK(cudaEventRecord(events_->begin, cuda::stream(context_)));
    for (int call = 0; call < calls; ++call) run();
    KICKDRUM_CUDA_CHECK(cudaEventRecord(events_->end, cuda::stream(context_)));
    return events_->seconds() / calls;
}

double GpuTimer::cold(const std::function<void()>& run) {
    KICKDRUM_CUDA_CHECK(cudaMemsetAsync(flushed_.data(), 1, flushed_.bytes(), cuda::stream(context_)));
    return warm(run, 1);
}

}  // namespace kickdrum
