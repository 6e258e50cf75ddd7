// SPDX-License-Identifier: MIT
// For the tests of the emulation itself: a device that each test finds untouched, and must leave without
// leaks.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/cuda_emulation/emulation.h"
#include "tests/support/cuda_emulation/enqueue.h"
#include "tests/support/cuda_emulation/simt/intrinsics.h"

namespace kickdrum::emulation {

constexpr std::uint64_t kSeeds = 10;

class EmulatedTest : public testing::Test {
 protected:
    void SetUp() override {
        restore_device();
        reset_counts();
        seed(1);
        ASSERT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess);
    }
    void TearDown() override {
        restore_device();
        fail_call_after(0);
        fail_malloc_after(0);
        EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess);
        EXPECT_EQ(leaks(), "");
    }
    cudaStream_t stream() const { return stream_; }

    template <class... Parameters, class... Arguments>
    cudaError_t launch(void (*kernel)(Parameters...), const GridShape& shape, Arguments&&... arguments) {
        return enqueue_kernel(stream_, kernel, shape, std::source_location::current(),
                              std::forward<Arguments>(arguments)...);
    }
    // Waits for the kernel and gives what it did wrong; the device is whole again afterwards.
    template <class... Parameters, class... Arguments>
    std::string error_of(void (*kernel)(Parameters...), const GridShape& shape, Arguments&&... arguments) {
        EXPECT_EQ(launch(kernel, shape, std::forward<Arguments>(arguments)...), cudaSuccess);
        testing::internal::CaptureStderr();
        const cudaError_t error = cudaStreamSynchronize(stream_);
        const std::string printed = testing::internal::GetCapturedStderr();
        const std::string text = kernel_error();
        EXPECT_EQ(error, text.empty() ? cudaSuccess : cudaErrorLaunchFailure);
        EXPECT_EQ(printed, text.empty() ? "" : "emulated device: " + text + "\n");
        restore_device();
        return text;
    }

 private:
    cudaStream_t stream_ = nullptr;
};

// Device memory with a vector's contents.
template <class T>
class OnDevice {
 public:
    explicit OnDevice(const std::vector<T>& values) : size_(values.size()) {
        EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), size_ * sizeof(T)), cudaSuccess);
        EXPECT_EQ(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice), cudaSuccess);
    }
    explicit OnDevice(std::size_t size) : size_(size) {
        EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), size_ * sizeof(T)), cudaSuccess);
    }
    ~OnDevice() {
        static_cast<void>(cudaDeviceSynchronize());  // giving memory back doesn't wait for what uses it
        EXPECT_EQ(cudaFree(data_), cudaSuccess);
    }
    OnDevice(const OnDevice&) = delete;
    OnDevice& operator=(const OnDevice&) = delete;

    T* data() { return data_; }
    // After everything that was asked of the device.
    std::vector<T> values() const {
        EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
        std::vector<T> values(size_);
        EXPECT_EQ(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost), cudaSuccess);
        return values;
    }

 private:
    T* data_ = nullptr;
    std::size_t size_;
};

}  // namespace kickdrum::emulation
