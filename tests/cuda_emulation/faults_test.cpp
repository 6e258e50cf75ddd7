// SPDX-License-Identifier: MIT
// Failures on demand, memory and its limits, and crashes with a reason.
#include <algorithm>
#include <cstdlib>

#include "tests/cuda_emulation/emulated.h"
#include "tests/support/cuda_emulation/simt/sanitizer.h"

namespace kickdrum::emulation {
namespace {

class FaultsTest : public EmulatedTest {};

// What a crash prints: the sanitizers have reports of their own.
const char* crash_text(const char* text) {
    if (kAddressSanitizer) return "AddressSanitizer";
    return KICKDRUM_EMULATION_TSAN ? "ThreadSanitizer" : text;
}

TEST_F(FaultsTest, NthCallFails) {
    int count = 0;
    fail_call_after(2);
    EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
    EXPECT_EQ(cudaSetDevice(0), cudaErrorUnknown);
    EXPECT_EQ(cudaGetLastError(), cudaErrorUnknown);
    EXPECT_EQ(cudaSetDevice(0), cudaSuccess);
}

TEST_F(FaultsTest, CallThatReleasesDoesSoThoughItFails) {
    void* memory = nullptr;
    ASSERT_EQ(cudaMalloc(&memory, 100), cudaSuccess);
    EXPECT_EQ(leaks(), "1 allocation, 1 stream");
    fail_call_after(1);
    EXPECT_EQ(cudaFree(memory), cudaErrorUnknown);
    EXPECT_EQ(leaks(), "1 stream");
}

TEST_F(FaultsTest, NthMallocFails) {
    fail_malloc_after(2);
    void* memory = nullptr;
    void* none = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, 100), cudaSuccess);
    EXPECT_EQ(cudaMalloc(&none, 100), cudaErrorMemoryAllocation);
    EXPECT_EQ(none, nullptr);
    EXPECT_EQ(cudaFree(memory), cudaSuccess);
    EXPECT_EQ(counts().allocations, 2);
}

TEST_F(FaultsTest, MemoryRunsOut) {
    set_memory(1 << 20);
    std::size_t free = 0;
    std::size_t total = 0;
    void* memory = nullptr;
    void* none = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, (1 << 20) - 1000), cudaSuccess);
    EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
    EXPECT_EQ(total, 1U << 20);
    EXPECT_EQ(free, 768U);
    EXPECT_EQ(cudaMalloc(&none, 769), cudaErrorMemoryAllocation);
    EXPECT_EQ(cudaFree(memory), cudaSuccess);
    EXPECT_EQ(bytes_in_use(), 0U);
    set_memory(std::size_t{4} << 30U);
}

TEST_F(FaultsTest, LostDevice) {
    OnDevice<int> value(1);
    lose_device();
    int host = 0;
    EXPECT_EQ(cudaMemcpy(&host, value.data(), sizeof host, cudaMemcpyDeviceToHost),
              cudaErrorDevicesUnavailable);
    EXPECT_EQ(cudaGetLastError(), cudaErrorDevicesUnavailable);
    EXPECT_EQ(cudaGetLastError(), cudaErrorDevicesUnavailable);
    EXPECT_STREQ(cudaGetErrorName(cudaErrorDevicesUnavailable), "cudaErrorDevicesUnavailable");
    restore_device();
}

TEST_F(FaultsTest, CopiesCheckKindAndRange) {
    OnDevice<int> value(4);
    std::vector<int> host(8);
    const auto copy = [&](void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind) {
        return cudaMemcpyAsync(target, source, bytes, kind, stream());
    };
    EXPECT_EQ(copy(value.data(), host.data(), 16, cudaMemcpyDeviceToHost), cudaErrorInvalidMemcpyDirection);
    EXPECT_EQ(copy(value.data(), host.data(), 16, cudaMemcpyDeviceToDevice), cudaErrorInvalidMemcpyDirection);
    EXPECT_EQ(copy(host.data(), value.data(), 16, cudaMemcpyHostToDevice), cudaErrorInvalidMemcpyDirection);
    EXPECT_EQ(copy(value.data(), host.data(), 17, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
    EXPECT_EQ(copy(value.data() + 1, host.data(), 16, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
    EXPECT_EQ(cudaMemsetAsync(value.data() + 1, 0, 16, stream()), cudaErrorInvalidValue);
    EXPECT_EQ(cudaMemsetAsync(host.data(), 0, 16, stream()), cudaErrorInvalidValue);
    EXPECT_EQ(copy(value.data(), host.data(), 16, cudaMemcpyDefault), cudaSuccess);
    EXPECT_EQ(copy(value.data() + 2, value.data(), 8, cudaMemcpyDeviceToDevice), cudaSuccess);
    EXPECT_EQ(copy(host.data(), value.data(), 16, cudaMemcpyDeviceToHost), cudaSuccess);
    const Counts counts = emulation::counts();
    EXPECT_EQ(counts.host_to_device, 1);
    EXPECT_EQ(counts.device_to_device, 1);
    EXPECT_EQ(counts.device_to_host, 1);
    EXPECT_EQ(cudaFree(value.data() + 1), cudaErrorInvalidValue);
    EXPECT_EQ(cudaStreamSynchronize(stream()), cudaSuccess);
}

TEST_F(FaultsTest, MemoryStartsAsNaN) {
    OnDevice<float> device(3);
    for (const float value : device.values()) EXPECT_TRUE(std::isnan(value));
    void* pinned = nullptr;
    ASSERT_EQ(cudaMallocHost(&pinned, 12), cudaSuccess);
    EXPECT_TRUE(std::isnan(*static_cast<float*>(pinned)));
    cudaPointerAttributes attributes{};
    EXPECT_EQ(cudaPointerGetAttributes(&attributes, pinned), cudaSuccess);
    EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
    EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
}

TEST_F(FaultsTest, Device) {
    set_multiprocessors(7);
    cudaDeviceProp properties{};
    ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
    EXPECT_STREQ(properties.name, "emulated device");
    EXPECT_EQ(properties.major, 9);
    EXPECT_EQ(properties.multiProcessorCount, 7);
    int value = 0;
    EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0), cudaSuccess);
    EXPECT_EQ(value, 7);
    EXPECT_EQ(cudaGetDeviceProperties(&properties, 1), cudaErrorInvalidDevice);
    set_multiprocessors(4);
}

__global__ void read_at(float* dst, const float* src, long long index) {
    *dst = src[index];
}

using FaultsDeathTest = FaultsTest;

TEST_F(FaultsDeathTest, KernelReadsFarOutside) {
    OnDevice<float> src(100);
    OnDevice<float> dst(1);
    EXPECT_DEATH(
        {
            launch(read_at, {dim3(1), dim3(1)}, dst.data(), src.data(), 200);
            cudaStreamSynchronize(stream());
        },
        crash_text("device memory of 400 bytes, at byte 800, by block"));
}

TEST_F(FaultsDeathTest, KernelReadsJustOutside) {
    if (!kAddressSanitizer) GTEST_SKIP() << "only the address sanitizer sees reads of the padding";
    OnDevice<float> src(100);
    OnDevice<float> dst(1);
    EXPECT_DEATH(
        {
            launch(read_at, {dim3(1), dim3(1)}, dst.data(), src.data(), 100);
            cudaStreamSynchronize(stream());
        },
        "AddressSanitizer: use-after-poison");
}

__global__ void read_past_shared(float* dst, int index) {
    KICKDRUM_SHARED(float, values, 10);
    const float* pointer = values;
    values[threadIdx.x] = 1;
    *dst = pointer[index];
}

TEST_F(FaultsDeathTest, KernelReadsPastSharedMemory) {
    if (!kAddressSanitizer) GTEST_SKIP() << "only the address sanitizer sees reads of the padding";
    OnDevice<float> dst(1);
    EXPECT_DEATH(
        {
            launch(read_past_shared, {dim3(1), dim3(1)}, dst.data(), 10);
            cudaStreamSynchronize(stream());
        },
        "AddressSanitizer: use-after-poison");
}

TEST_F(FaultsDeathTest, HostReadsDeviceMemory) {
    OnDevice<float> data(std::vector<float>{1, 2});
    const volatile float* pointer = data.data();
    EXPECT_DEATH(std::exit(pointer[1] == 2 ? 0 : 1),
                 crash_text("device memory of 8 bytes, at byte 4, by the host's code"));
}

TEST_F(FaultsDeathTest, KernelUsesFreedMemory) {
    float* freed = nullptr;
    {
        OnDevice<float> src(100);
        freed = src.data();
    }
    OnDevice<float> dst(1);
    EXPECT_DEATH(
        {
            launch(read_at, {dim3(1), dim3(1)}, dst.data(), freed, 3);
            cudaStreamSynchronize(stream());
        },
        crash_text("freed device memory of 400 bytes, at byte 12, by block"));
}

TEST_F(FaultsDeathTest, GivingMemoryBackDoesNotWaitForKernels) {
    OnDevice<float> dst(1);
    EXPECT_DEATH(
        {
            void* src = nullptr;
            cudaMalloc(&src, 400);
            launch(read_at, {dim3(1), dim3(1)}, dst.data(), static_cast<float*>(src), 3);
            cudaFree(src);
            cudaStreamSynchronize(stream());
        },
        crash_text("freed device memory of 400 bytes, at byte 12, by block"));
}

TEST_F(FaultsDeathTest, LeaksEndTheProgram) {
    EXPECT_EXIT(
        {
            void* memory = nullptr;
            cudaMalloc(&memory, 100);
            std::exit(0);
        },
        testing::ExitedWithCode(kLeakExitCode),
        "still alive at the end of the program: 1 allocation, 1 stream");
}

}  // namespace
}  // namespace kickdrum::emulation
