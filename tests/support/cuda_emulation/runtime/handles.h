// SPDX-License-Identifier: MIT
// What the handles of the CUDA runtime point to: streams as queues of work, events, graphs.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace kickdrum::emulation {

// Counts what was asked for and what is done, in order: of a stream its work, of an event its records.
struct Progress {
    std::uint64_t issued = 0;
    std::uint64_t done = 0;
};
struct Wait {
    std::shared_ptr<const Progress> on;
    std::uint64_t target = 0;
    bool over() const { return on->done >= target; }
};

struct GraphNode {
    std::function<void()> work;
    std::vector<std::size_t> after;  // earlier nodes
    std::string name;                // for launched_graph(); of a kernel empty
    const void* kernel = nullptr;
};
using GraphNodes = std::shared_ptr<const std::vector<GraphNode>>;

// A graph that is being captured.
struct Capture {
    std::vector<GraphNode> nodes;
    CUstream_st* origin = nullptr;
    std::thread::id thread;
    cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
    bool valid = true;
};

// One launch of a graph.
struct GraphRun {
    GraphNodes nodes;
    std::vector<bool> finished;
    std::size_t left = 0;
};

// An entry of a stream's queue: first the waits, then work or a graph, then progress.
struct QueueItem {
    std::vector<Wait> waits;
    std::function<void()> work;
    std::unique_ptr<GraphRun> graph;
    std::shared_ptr<Progress> signal;  // an event or a graph that this item completes
    std::uint64_t signal_value = 0;
};

}  // namespace kickdrum::emulation

// CUDA's own names for what its handles point to.
struct CUstream_st {
    bool blocking = true;  // waits for the legacy default stream and makes it wait
    std::shared_ptr<kickdrum::emulation::Progress> progress =
        std::make_shared<kickdrum::emulation::Progress>();
    std::deque<kickdrum::emulation::QueueItem> queue;
    std::shared_ptr<kickdrum::emulation::Capture> capture;
    std::vector<std::size_t> frontier;  // the capture's nodes that the next one comes after
};
struct CUevent_st {
    std::shared_ptr<kickdrum::emulation::Progress> progress =
        std::make_shared<kickdrum::emulation::Progress>();
    std::weak_ptr<kickdrum::emulation::Capture> capture;
    bool captured = false;
    std::vector<std::size_t> frontier;
};
struct CUgraph_st {
    kickdrum::emulation::GraphNodes nodes;
};
struct CUgraphExec_st {
    kickdrum::emulation::GraphNodes nodes;
    std::shared_ptr<kickdrum::emulation::Progress> progress =
        std::make_shared<kickdrum::emulation::Progress>();
};
