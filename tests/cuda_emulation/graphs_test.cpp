// SPDX-License-Identifier: MIT
// Captures and graphs: what may be captured, what ends a capture, and that a replay does what the stream
// would have.
#include <thread>

#include "tests/cuda_emulation/emulated.h"

namespace kickdrum::emulation {
namespace {

__global__ void add_one(int* value) {
    *value += 1;
}
__global__ void double_it(int* value) {
    *value *= 2;
}

class GraphsTest : public EmulatedTest {
 protected:
    void SetUp() override {
        EmulatedTest::SetUp();
        ASSERT_EQ(cudaStreamCreateWithFlags(&other_, cudaStreamNonBlocking), cudaSuccess);
        ASSERT_EQ(cudaEventCreateWithFlags(&fork_, cudaEventDisableTiming), cudaSuccess);
        ASSERT_EQ(cudaEventCreateWithFlags(&join_, cudaEventDisableTiming), cudaSuccess);
    }
    void TearDown() override {
        EXPECT_EQ(cudaEventDestroy(fork_), cudaSuccess);
        EXPECT_EQ(cudaEventDestroy(join_), cudaSuccess);
        EXPECT_EQ(cudaStreamDestroy(other_), cudaSuccess);
        EmulatedTest::TearDown();
    }
    void begin(cudaStreamCaptureMode mode = cudaStreamCaptureModeThreadLocal) {
        ASSERT_EQ(cudaStreamBeginCapture(stream(), mode), cudaSuccess);
    }
    void end(cudaError_t expected) {
        cudaGraph_t graph = nullptr;
        EXPECT_EQ(cudaStreamEndCapture(stream(), &graph), expected);
        EXPECT_EQ(graph == nullptr, expected != cudaSuccess);
        if (graph != nullptr) {
            EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
        }
        cudaGetLastError();
    }
    void on_other(void (*kernel)(int*), int* value) {
        EXPECT_EQ(enqueue_kernel(other_, kernel, {dim3(1), dim3(1)}, std::source_location::current(), value),
                  cudaSuccess);
    }

    // (3 + 1) on one stream, then times 2 on the other, which waits in time or too late.
    int fork_and_join(std::uint64_t s, bool in_time) {
        seed(s);
        OnDevice<int> value(std::vector<int>{3});
        begin();
        EXPECT_EQ(cudaEventRecord(fork_, stream()), cudaSuccess);
        EXPECT_EQ(cudaStreamWaitEvent(other_, fork_, 0), cudaSuccess);
        on_other(add_one, value.data());
        EXPECT_EQ(cudaEventRecord(join_, other_), cudaSuccess);
        if (in_time) {
            EXPECT_EQ(cudaStreamWaitEvent(stream(), join_, 0), cudaSuccess);
        }
        EXPECT_EQ(launch(double_it, {dim3(1), dim3(1)}, value.data()), cudaSuccess);
        EXPECT_EQ(cudaStreamWaitEvent(stream(), join_, 0), cudaSuccess);
        cudaGraph_t graph = nullptr;
        cudaGraphExec_t executable = nullptr;
        EXPECT_EQ(cudaStreamEndCapture(stream(), &graph), cudaSuccess);
        EXPECT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
        EXPECT_EQ(cudaGraphLaunch(executable, stream()), cudaSuccess);
        const int result = value.values()[0];
        EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
        EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
        return result;
    }

    cudaStream_t other_ = nullptr;
    cudaEvent_t fork_ = nullptr;
    cudaEvent_t join_ = nullptr;
};

TEST_F(GraphsTest, ReplaysWhatWasCaptured) {
    OnDevice<int> value(std::vector<int>{1});
    begin();
    EXPECT_EQ(launch(add_one, {dim3(1), dim3(1)}, value.data()), cudaSuccess);
    EXPECT_EQ(launch(double_it, {dim3(1), dim3(1)}, value.data()), cudaSuccess);
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    ASSERT_EQ(cudaStreamEndCapture(stream(), &graph), cudaSuccess);
    ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
    std::size_t nodes = 0;
    EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
    EXPECT_EQ(nodes, 2U);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);  // the executable one lives on
    EXPECT_EQ(value.values()[0], 1);                  // nothing ran while it was captured
    for (int i = 0; i < 3; ++i) EXPECT_EQ(cudaGraphLaunch(executable, stream()), cudaSuccess);
    EXPECT_EQ(value.values()[0], 22);
    EXPECT_EQ(counts().graph_launches, 3);
    EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
}

TEST_F(GraphsTest, ForkAndJoin) {
    int wrong = 0;
    for (std::uint64_t s = 1; s <= kSeeds; ++s) {
        EXPECT_EQ(fork_and_join(s, true), 8) << "seed " << s;
        wrong += fork_and_join(s, false) == 8 ? 0 : 1;
    }
    EXPECT_GE(wrong, 2);
}

TEST_F(GraphsTest, WaitingEndsTheCapture) {
    OnDevice<int> value(std::vector<int>{0});
    begin();
    EXPECT_EQ(cudaStreamSynchronize(stream()), cudaErrorStreamCaptureUnsupported);
    EXPECT_EQ(launch(add_one, {dim3(1), dim3(1)}, value.data()), cudaErrorStreamCaptureInvalidated);
    end(cudaErrorStreamCaptureInvalidated);
    begin();
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorStreamCaptureUnsupported);
    end(cudaErrorStreamCaptureInvalidated);
    begin();
    EXPECT_EQ(cudaEventRecord(fork_, stream()), cudaSuccess);
    EXPECT_EQ(cudaEventSynchronize(fork_), cudaErrorCapturedEvent);
    end(cudaErrorStreamCaptureInvalidated);
    begin();
    int host = 0;
    EXPECT_EQ(cudaMemcpy(&host, value.data(), sizeof host, cudaMemcpyDeviceToHost),
              cudaErrorStreamCaptureUnsupported);
    end(cudaErrorStreamCaptureInvalidated);
}

TEST_F(GraphsTest, AllocatingEndsTheCapture) {
    void* memory = nullptr;
    begin();
    EXPECT_EQ(cudaMalloc(&memory, 16), cudaErrorStreamCaptureUnsupported);
    end(cudaErrorStreamCaptureInvalidated);
    // Of another thread, with a mode that concerns all threads, or only the one that captures.
    begin(cudaStreamCaptureModeGlobal);
    std::thread([&memory] { EXPECT_EQ(cudaMalloc(&memory, 16), cudaErrorStreamCaptureUnsupported); }).join();
    end(cudaErrorStreamCaptureInvalidated);
    begin(cudaStreamCaptureModeThreadLocal);
    std::thread([&memory] { EXPECT_EQ(cudaMalloc(&memory, 16), cudaSuccess); }).join();
    end(cudaSuccess);
    EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

TEST_F(GraphsTest, WorkOutsideTheCapture) {
    OnDevice<int> value(std::vector<int>{0});
    begin();
    EXPECT_EQ(cudaEventRecord(fork_, stream()), cudaSuccess);
    EXPECT_EQ(cudaStreamWaitEvent(other_, fork_, 0), cudaSuccess);
    on_other(add_one, value.data());
    end(cudaErrorStreamCaptureUnjoined);
    EXPECT_EQ(cudaEventRecord(join_, other_), cudaSuccess);
    begin();
    EXPECT_EQ(cudaStreamWaitEvent(stream(), join_, 0), cudaErrorStreamCaptureIsolation);
    end(cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(value.values()[0], 0);
}

}  // namespace
}  // namespace kickdrum::emulation
