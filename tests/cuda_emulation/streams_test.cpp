// SPDX-License-Identifier: MIT
// Streams, events and waits: right programs are right for every seed, forgotten waits are found.
#include <thread>

#include "tests/cuda_emulation/emulated.h"

namespace kickdrum::emulation {
namespace {

__global__ void add(int* dst, const int* src, int n) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < static_cast<unsigned>(n)) dst[i] += src[i];
}
__global__ void set(int* dst, int value) {
    dst[threadIdx.x] = value;
}

class StreamsTest : public EmulatedTest {
 protected:
    void SetUp() override {
        EmulatedTest::SetUp();
        ASSERT_EQ(cudaStreamCreateWithFlags(&other_, cudaStreamNonBlocking), cudaSuccess);
        ASSERT_EQ(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), cudaSuccess);
    }
    void TearDown() override {
        EXPECT_EQ(cudaEventDestroy(event_), cudaSuccess);
        EXPECT_EQ(cudaStreamDestroy(other_), cudaSuccess);
        EmulatedTest::TearDown();
    }

    // Copies on one stream, adds on the other, copies back; with or without the waits in between.
    int upload_add_download(std::uint64_t s, bool wait_for_upload, bool synchronise) {
        seed(s);
        const int one = 1;
        int result = -7;
        OnDevice<int> src(1);
        OnDevice<int> dst(std::vector<int>{41});
        EXPECT_EQ(cudaMemcpyAsync(src.data(), &one, sizeof one, cudaMemcpyHostToDevice, other_), cudaSuccess);
        if (wait_for_upload) {
            EXPECT_EQ(cudaEventRecord(event_, other_), cudaSuccess);
            EXPECT_EQ(cudaStreamWaitEvent(stream(), event_, 0), cudaSuccess);
        }
        EXPECT_EQ(launch(add, {dim3(1), dim3(32)}, dst.data(), src.data(), 1), cudaSuccess);
        EXPECT_EQ(cudaMemcpyAsync(&result, dst.data(), sizeof result, cudaMemcpyDeviceToHost, stream()),
                  cudaSuccess);
        if (synchronise) {
            EXPECT_EQ(cudaStreamSynchronize(stream()), cudaSuccess);
        }
        const int seen = result;
        EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
        return seen;
    }

    cudaStream_t other_ = nullptr;
    cudaEvent_t event_ = nullptr;
};

TEST_F(StreamsTest, EventOrdersStreams) {
    for (std::uint64_t s = 1; s <= kSeeds; ++s)
        EXPECT_EQ(upload_add_download(s, true, true), 42) << "seed " << s;
}

TEST_F(StreamsTest, MissingEventWaitIsFound) {
    int wrong = 0;
    for (std::uint64_t s = 1; s <= kSeeds; ++s) wrong += upload_add_download(s, false, true) == 42 ? 0 : 1;
    EXPECT_GE(wrong, 2);
}

TEST_F(StreamsTest, MissingSynchronisationIsFound) {
    for (std::uint64_t s = 1; s <= kSeeds; ++s)
        EXPECT_EQ(upload_add_download(s, true, false), -7) << "seed " << s;
}

TEST_F(StreamsTest, HostMemoryIsReadLate) {
    int value = 1;
    OnDevice<int> dst(1);
    EXPECT_EQ(cudaMemcpyAsync(dst.data(), &value, sizeof value, cudaMemcpyHostToDevice, stream()),
              cudaSuccess);
    value = 2;  // too early
    EXPECT_EQ(dst.values()[0], 2);
}

TEST_F(StreamsTest, EventIsOfItsLastRecord) {
    OnDevice<int> dst(1);
    EXPECT_EQ(cudaEventSynchronize(event_), cudaSuccess);  // never recorded: nothing to wait for
    EXPECT_EQ(launch(set, {dim3(1), dim3(1)}, dst.data(), 1), cudaSuccess);
    EXPECT_EQ(cudaEventRecord(event_, stream()), cudaSuccess);
    EXPECT_EQ(launch(set, {dim3(1), dim3(1)}, dst.data(), 2), cudaSuccess);
    EXPECT_EQ(cudaEventRecord(event_, stream()), cudaSuccess);
    EXPECT_EQ(cudaEventQuery(event_), cudaErrorNotReady);
    while (cudaEventQuery(event_) == cudaErrorNotReady) {
    }
    EXPECT_EQ(cudaStreamQuery(stream()), cudaSuccess);
    EXPECT_EQ(dst.values()[0], 2);
}

TEST_F(StreamsTest, DefaultStreamWaitsForBlockingStreamsOnly) {
    cudaStream_t blocking = nullptr;
    ASSERT_EQ(cudaStreamCreate(&blocking), cudaSuccess);
    int late = 0;
    for (std::uint64_t s = 1; s <= kSeeds; ++s) {
        seed(s);
        OnDevice<int> dst(std::vector<int>{0});
        int value = 0;
        ASSERT_EQ(
            enqueue_kernel(blocking, set, {dim3(1), dim3(1)}, std::source_location::current(), dst.data(), 5),
            cudaSuccess);
        ASSERT_EQ(cudaMemcpy(&value, dst.data(), sizeof value, cudaMemcpyDeviceToHost), cudaSuccess);
        EXPECT_EQ(value, 5);
        ASSERT_EQ(launch(set, {dim3(1), dim3(1)}, dst.data(), 6), cudaSuccess);
        ASSERT_EQ(cudaMemcpy(&value, dst.data(), sizeof value, cudaMemcpyDeviceToHost), cudaSuccess);
        if (value != 6) ++late;
    }
    EXPECT_GE(late, 2);
    EXPECT_EQ(cudaStreamDestroy(blocking), cudaSuccess);
}

TEST_F(StreamsTest, HandlesThatAreGone) {
    cudaStream_t gone = nullptr;
    ASSERT_EQ(cudaStreamCreate(&gone), cudaSuccess);
    ASSERT_EQ(cudaStreamDestroy(gone), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(gone), cudaErrorInvalidResourceHandle);
    EXPECT_EQ(cudaStreamDestroy(gone), cudaErrorInvalidResourceHandle);
    EXPECT_EQ(cudaEventRecord(event_, gone), cudaErrorInvalidResourceHandle);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST_F(StreamsTest, ErrorsAreOfTheirThreadUntilAKernelFails) {
    EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
    cudaError_t elsewhere = cudaErrorUnknown;
    std::thread([&elsewhere] { elsewhere = cudaPeekAtLastError(); }).join();
    EXPECT_EQ(elsewhere, cudaSuccess);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST_F(StreamsTest, SeveralHostThreads) {
    const auto train = [](int value, int* result) {
        cudaStream_t mine = nullptr;
        EXPECT_EQ(cudaStreamCreateWithFlags(&mine, cudaStreamNonBlocking), cudaSuccess);
        void* memory = nullptr;
        EXPECT_EQ(cudaMalloc(&memory, 32 * sizeof(int)), cudaSuccess);
        int* data = static_cast<int*>(memory);
        for (int i = 0; i < 50; ++i) {
            EXPECT_EQ(enqueue_kernel(mine, set, {dim3(1), dim3(32)}, std::source_location::current(), data,
                                     value + i),
                      cudaSuccess);
        }
        EXPECT_EQ(cudaMemcpyAsync(result, data + 31, sizeof(int), cudaMemcpyDeviceToHost, mine), cudaSuccess);
        EXPECT_EQ(cudaStreamSynchronize(mine), cudaSuccess);
        EXPECT_EQ(cudaFree(memory), cudaSuccess);
        EXPECT_EQ(cudaStreamDestroy(mine), cudaSuccess);
    };
    std::vector<int> results(3, 0);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(train, 100 * i, &results[static_cast<std::size_t>(i)]);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(results, (std::vector<int>{49, 149, 249}));
}

}  // namespace
}  // namespace kickdrum::emulation
