// SPDX-License-Identifier: MIT
// Streams that record a graph instead of working, and graphs.
#include <algorithm>

#include "tests/support/cuda_emulation/runtime/runtime.h"
#include "tests/support/cuda_emulation/runtime/symbols.h"

namespace kickdrum::emulation {
namespace {

// The nodes that come before `frontier`, and itself.
std::vector<bool> reached_from(const Capture& capture, const std::vector<std::size_t>& frontier) {
    std::vector<bool> reached(capture.nodes.size(), false);
    std::vector<std::size_t> open = frontier;
    while (!open.empty()) {
        const std::size_t node = open.back();
        open.pop_back();
        if (reached[node]) continue;
        reached[node] = true;
        open.insert(open.end(), capture.nodes[node].after.begin(), capture.nodes[node].after.end());
    }
    return reached;
}

cudaError_t end_capture(Runtime& runtime, CUstream_st& stream, CUgraph_st** graph) {
    *graph = nullptr;
    const std::shared_ptr<Capture> capture = stream.capture;
    if (!capture) return cudaErrorIllegalState;
    if (capture->origin != &stream) return cudaErrorStreamCaptureUnmatched;
    if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id()) {
        return cudaErrorStreamCaptureWrongThread;
    }
    const std::vector<bool> reached = reached_from(*capture, stream.frontier);
    for (CUstream_st* other : runtime.streams) {
        if (other->capture == capture) other->capture = nullptr;
    }
    if (!capture->valid) return cudaErrorStreamCaptureInvalidated;
    if (std::find(reached.begin(), reached.end(), false) != reached.end())
        return cudaErrorStreamCaptureUnjoined;
    *graph = new CUgraph_st{std::make_shared<const std::vector<GraphNode>>(std::move(capture->nodes))};
    runtime.graphs.insert(*graph);
    return cudaSuccess;
}

cudaError_t launch_graph(Runtime& runtime, CUgraphExec_st& graph, CUstream_st& stream) {
    if (stream.capture) return cudaErrorStreamCaptureUnsupported;
    ++runtime.counts.graph_launches;
    runtime.launched_graph = graph.nodes;
    QueueItem item;
    // A graph doesn't run at the same time as itself.
    item.waits.push_back({graph.progress, graph.progress->issued});
    item.signal = graph.progress;
    item.signal_value = ++graph.progress->issued;
    item.graph = std::make_unique<GraphRun>();
    item.graph->nodes = graph.nodes;
    item.graph->finished.assign(graph.nodes->size(), false);
    item.graph->left = graph.nodes->size();
    runtime.push(stream, std::move(item));
    return cudaSuccess;
}

}  // namespace

std::vector<std::string> launched_graph() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    std::vector<std::string> names;
    if (!runtime.launched_graph) return names;
    for (const GraphNode& node : *runtime.launched_graph)
        names.push_back(node.kernel != nullptr ? function_name(node.kernel) : node.name);
    return names;
}

std::vector<std::shared_ptr<Capture>> Runtime::captures() const {
    std::vector<std::shared_ptr<Capture>> captures;
    for (const CUstream_st* stream : streams) {
        if (stream->capture) captures.push_back(stream->capture);
    }
    return captures;
}

cudaError_t Runtime::refuse_while_capturing() {
    cudaError_t error = cudaSuccess;
    for (const std::shared_ptr<Capture>& capture : captures()) {
        const bool mine = capture->thread == std::this_thread::get_id();
        if (capture->mode == cudaStreamCaptureModeGlobal ||
            (capture->mode == cudaStreamCaptureModeThreadLocal && mine)) {
            capture->valid = false;
            error = cudaErrorStreamCaptureUnsupported;
        }
    }
    return error;
}

cudaError_t Runtime::refuse_while_any_captures() {
    const std::vector<std::shared_ptr<Capture>> all = captures();
    for (const std::shared_ptr<Capture>& capture : all) capture->valid = false;
    return all.empty() ? cudaSuccess : cudaErrorStreamCaptureUnsupported;
}

}  // namespace kickdrum::emulation

using kickdrum::emulation::call;
using kickdrum::emulation::CallKind;
using kickdrum::emulation::Capture;
using kickdrum::emulation::Runtime;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
    return call([=](Runtime& runtime) {
        CUstream_st* stream = runtime.stream(handle);
        if (stream == nullptr) return cudaErrorInvalidResourceHandle;
        if (stream == &runtime.default_stream) return cudaErrorStreamCaptureUnsupported;
        if (stream->capture) return cudaErrorIllegalState;
        stream->capture = std::make_shared<Capture>();
        stream->capture->origin = stream;
        stream->capture->thread = std::this_thread::get_id();
        stream->capture->mode = mode;
        stream->frontier.clear();
        return cudaSuccess;
    });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
    return call([=](Runtime& runtime) {
        CUstream_st* stream = runtime.stream(handle);
        return stream == nullptr ? cudaErrorInvalidResourceHandle
                                 : kickdrum::emulation::end_capture(runtime, *stream, graph);
    });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
    return call([=](Runtime& runtime) {
        const CUstream_st* stream = runtime.stream(handle);
        if (stream == nullptr) return cudaErrorInvalidResourceHandle;
        *status = !stream->capture         ? cudaStreamCaptureStatusNone
                  : stream->capture->valid ? cudaStreamCaptureStatusActive
                                           : cudaStreamCaptureStatusInvalidated;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
    return call([=](Runtime& runtime) {
        // Nodes have no handles here: only their number can be asked for.
        if (!runtime.graphs.contains(graph) || nodes != nullptr) return cudaErrorInvalidValue;
        *count = graph->nodes->size();
        return cudaSuccess;
    });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
    return call([=](Runtime& runtime) {
        if (!runtime.graphs.contains(graph)) return cudaErrorInvalidValue;
        *executable = new CUgraphExec_st{.nodes = graph->nodes};
        runtime.executable_graphs.insert(*executable);
        return cudaSuccess;
    });
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t graph,
                                          unsigned long long flags) {
    return cudaGraphInstantiate(executable, graph, flags);
}

cudaError_t cudaGraphUpload(cudaGraphExec_t graph, cudaStream_t stream) {
    return call([=](Runtime& runtime) {
        return runtime.executable_graphs.contains(graph) && runtime.stream(stream) != nullptr
                   ? cudaSuccess
                   : cudaErrorInvalidValue;
    });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t handle) {
    return call([=](Runtime& runtime) {
        CUstream_st* stream = runtime.stream(handle);
        if (stream == nullptr || !runtime.executable_graphs.contains(graph))
            return cudaErrorInvalidResourceHandle;
        return kickdrum::emulation::launch_graph(runtime, *graph, *stream);
    });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    return call(
        [=](Runtime& runtime) {
            if (runtime.graphs.erase(graph) == 0) return cudaErrorInvalidValue;
            delete graph;
            return cudaSuccess;
        },
        CallKind::done_anyway);
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
    return call(
        [=](Runtime& runtime) {
            if (runtime.executable_graphs.erase(graph) == 0) return cudaErrorInvalidValue;
            delete graph;
            return cudaSuccess;
        },
        CallKind::done_anyway);
}

}  // extern "C"
