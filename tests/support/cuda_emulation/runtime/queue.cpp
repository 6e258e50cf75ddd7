// SPDX-License-Identifier: MIT
// Streams as queues, and who is next.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tests/support/cuda_emulation/enqueue.h"
#include "tests/support/cuda_emulation/runtime/runtime.h"
#include "tests/support/cuda_emulation/simt/grid.h"

namespace kickdrum::emulation {
namespace {

// A program that never waits mustn't fill the memory with work.
constexpr std::size_t kLongestQueue = 4096;

bool ready(const QueueItem& item) {
    return std::all_of(item.waits.begin(), item.waits.end(), [](const Wait& wait) { return wait.over(); });
}

}  // namespace

CUstream_st* Runtime::stream(cudaStream_t handle) {
    if (handle == nullptr || handle == cudaStreamLegacy) return &default_stream;
    return streams.contains(handle) ? handle : nullptr;
}

void Runtime::push(CUstream_st& stream, QueueItem item) {
    // The legacy default stream comes after all work of the blocking streams, and their later work after it.
    if (&stream == &default_stream) {
        for (const CUstream_st* other : streams) {
            if (other != &stream && other->blocking)
                item.waits.push_back({other->progress, other->progress->issued});
        }
    } else if (stream.blocking) {
        item.waits.push_back({default_stream.progress, default_stream.progress->issued});
    }
    ++stream.progress->issued;
    stream.queue.push_back(std::move(item));
    if (stream.queue.size() > kLongestQueue) {
        drain([&stream] { return stream.queue.size() <= kLongestQueue / 2; });
    }
}

cudaError_t Runtime::enqueue(CUstream_st& stream, std::function<void()> work, std::string name,
                             const void* kernel) {
    if (stream.capture) {
        if (!stream.capture->valid) return cudaErrorStreamCaptureInvalidated;
        stream.capture->nodes.push_back({std::move(work), stream.frontier, std::move(name), kernel});
        stream.frontier = {stream.capture->nodes.size() - 1};
        return cudaSuccess;
    }
    QueueItem item;
    item.work = std::move(work);
    push(stream, std::move(item));
    return cudaSuccess;
}

bool Runtime::step() {
    std::vector<CUstream_st*> candidates;
    for (CUstream_st* stream : streams) {
        if (!stream->queue.empty() && ready(stream->queue.front())) candidates.push_back(stream);
    }
    if (candidates.empty()) return false;
    step(*candidates[random.below(candidates.size())]);
    return true;
}

void Runtime::step(CUstream_st& stream) {
    QueueItem& item = stream.queue.front();
    if (item.graph && item.graph->left > 0) {
        step_graph(*item.graph);
        if (sticky != cudaSuccess || item.graph->left > 0) return;
    } else if (item.work) {
        run(item.work);
        if (sticky != cudaSuccess) return;  // the queues have been dropped
    }
    if (item.signal) item.signal->done = std::max(item.signal->done, item.signal_value);
    stream.queue.pop_front();
    ++stream.progress->done;
}

void Runtime::step_graph(GraphRun& graph) {
    std::vector<std::size_t> candidates;
    const std::vector<GraphNode>& nodes = *graph.nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto finished = [&graph](std::size_t node) { return graph.finished[node]; };
        if (!graph.finished[i] && std::all_of(nodes[i].after.begin(), nodes[i].after.end(), finished)) {
            candidates.push_back(i);
        }
        if (candidates.size() >= 8) break;  // enough to draw from
    }
    const std::size_t node = candidates[random.below(candidates.size())];
    graph.finished[node] = true;
    --graph.left;
    run(nodes[node].work);
}

void Runtime::run(const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& error) {
        kernel_error = error.what();
        std::fprintf(stderr, "emulated device: %s\n", error.what());
        sticky = cudaErrorLaunchFailure;
        drop_work();
    }
}

void Runtime::drop_work() {
    for (CUstream_st* stream : streams) {
        for (const QueueItem& item : stream->queue) {
            if (item.signal) item.signal->done = std::max(item.signal->done, item.signal_value);
        }
        stream->queue.clear();
        stream->progress->done = stream->progress->issued;
    }
}

cudaError_t Runtime::drain(const std::function<bool()>& done) {
    if (done()) return sticky;
    memory.open();
    bool progress = true;
    while (sticky == cudaSuccess && progress && !done()) progress = step();
    memory.close();
    return progress ? sticky : cudaErrorLaunchTimeout;  // without progress: streams that wait for each other
}

cudaError_t Runtime::drain_all() {
    return drain([this] {
        return std::all_of(streams.begin(), streams.end(),
                           [](const CUstream_st* s) { return s->queue.empty(); });
    });
}

namespace {

constexpr unsigned kMaxGridYz = 65535;
constexpr unsigned kMaxGridX = 2147483647;

cudaError_t check_shape(const Runtime& runtime, const KernelLaunch& launch) {
    const dim3 grid = launch.shape.grid;
    const dim3 block = launch.shape.block;
    const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
    if (threads == 0 || threads > kMaxBlockThreads || block.z > 64) return cudaErrorInvalidConfiguration;
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return cudaErrorInvalidConfiguration;
    if (grid.x > kMaxGridX || grid.y > kMaxGridYz || grid.z > kMaxGridYz)
        return cudaErrorInvalidConfiguration;
    const auto limit = runtime.dynamic_shared_limits.find(launch.function);
    const std::size_t dynamic_limit = limit == runtime.dynamic_shared_limits.end()
                                          ? kStaticSharedLimit
                                          : static_cast<std::size_t>(limit->second);
    return launch.shape.dynamic_shared_bytes > dynamic_limit ? cudaErrorInvalidValue : cudaSuccess;
}

}  // namespace

cudaError_t enqueue_kernel(cudaStream_t stream, KernelLaunch launch) {
    return call([&](Runtime& runtime) {
        --runtime.counts.calls;
        CUstream_st* target = runtime.stream(stream);
        if (target == nullptr) return cudaErrorInvalidResourceHandle;
        if (const cudaError_t error = check_shape(runtime, launch)) return error;
        ++runtime.counts.launches;
        const void* const function = launch.function;
        const auto work = [&runtime, launch = std::move(launch)] {
            try {
                run_grid(launch.shape, runtime.random.next(), launch.thread);
                const std::string damaged = runtime.memory.damaged();
                if (!damaged.empty())
                    throw KernelError("a write before the begin or past the end of " + damaged);
            } catch (const KernelError& error) {
                throw KernelError(fmt::format("{}; kernel launched at {}:{}", error.what(),
                                              launch.place.file_name(), launch.place.line()));
            }
        };
        return runtime.enqueue(*target, work, {}, function);
    });
}

cudaError_t enqueue_host_work(cudaStream_t stream, std::string name, std::function<void()> work) {
    return call([&](Runtime& runtime) {
        CUstream_st* target = runtime.stream(stream);
        if (target == nullptr) return cudaErrorInvalidResourceHandle;
        return runtime.enqueue(*target, std::move(work), std::move(name));
    });
}

}  // namespace kickdrum::emulation
