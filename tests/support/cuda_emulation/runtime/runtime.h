// SPDX-License-Identifier: MIT
// The state of the emulated CUDA runtime, behind one lock. Work on streams is kept until somebody waits for
// it; then the streams take turns as the seed draws them. So a missing wait shows as a wrong result under
// some seed.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/support/cuda_emulation/emulation.h"
#include "tests/support/cuda_emulation/runtime/device_memory.h"
#include "tests/support/cuda_emulation/runtime/handles.h"
#include "tests/support/cuda_emulation/simt/random.h"

namespace kickdrum::emulation {

class Runtime {
 public:
    static Runtime& instance();

    std::mutex mutex;
    Random random;
    DeviceMemory memory;
    std::map<const char*, std::size_t> pinned;  // host memory of cudaMallocHost
    CUstream_st default_stream;
    std::set<CUstream_st*> streams;  // with the default one
    std::set<CUevent_st*> events;
    std::set<CUgraph_st*> graphs;
    std::set<CUgraphExec_st*> executable_graphs;
    std::unordered_map<const void*, int> dynamic_shared_limits;  // by kernel
    int multiprocessors = 4;

    cudaError_t sticky = cudaSuccess;
    std::string kernel_error;
    GraphNodes launched_graph;
    Counts counts;
    std::int64_t calls_until_failure = 0;
    std::int64_t mallocs_until_failure = 0;
    std::int64_t calls_until_loss = 0;

    // --- streams (queue.cpp) ---
    // nullptr for a handle that isn't alive.
    CUstream_st* stream(cudaStream_t handle);
    // name, kernel: as GraphNode has them.
    cudaError_t enqueue(CUstream_st& stream, std::function<void()> work, std::string name,
                        const void* kernel = nullptr);
    void push(CUstream_st& stream, QueueItem item);
    // Runs work, of whatever stream's turn it is, until `done`.
    cudaError_t drain(const std::function<bool()>& done);
    cudaError_t drain_all();
    // Runs a piece of work, if there is any.
    bool step();
    void drop_work();

    // --- captures (capture.cpp) ---
    // The error of a call that mustn't be made while the calling thread, or with the global mode any,
    // captures.
    cudaError_t refuse_while_capturing();
    // The same for a call that concerns the whole device.
    cudaError_t refuse_while_any_captures();
    std::vector<std::shared_ptr<Capture>> captures() const;

    std::string leaks() const;

 private:
    Runtime();
    void step(CUstream_st& stream);
    void run(const std::function<void()>& work);
    void step_graph(GraphRun& graph);
};

enum class CallKind : std::uint8_t {
    normal,
    done_anyway,  // frees something, or waits for work: it does so even when it has to fail
};

// What every function of the runtime does around its own part: locks, counts, fails where a test wants it to,
// and remembers the error.
cudaError_t call(const std::function<cudaError_t(Runtime&)>& body, CallKind kind = CallKind::normal);
// For cudaGetLastError: of the calling thread.
cudaError_t& last_error();

}  // namespace kickdrum::emulation
