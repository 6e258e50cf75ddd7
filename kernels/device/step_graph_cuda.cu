// SPDX-License-Identifier: MIT
#include "kernels/device/step_graph.h"

#include "kernels/cuda/check.cuh"
#include "kernels/cuda/context_cuda.cuh"

namespace kickdrum::cuda {

struct StepRecording {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
};

void begin_capture(Context& context) {
    // Thread-local: other threads, with their own contexts, may allocate and launch meanwhile.
    KICKDRUM_CUDA_CHECK(cudaStreamBeginCapture(stream(context), cudaStreamCaptureModeThreadLocal));
}

StepRecording* end_capture(Context& context) {
    std::unique_ptr<StepRecording, void (*)(StepRecording*)> recording(
        new StepRecording, [](StepRecording* r) { destroy_recording(r); });
    KICKDRUM_CUDA_CHECK(cudaStreamEndCapture(stream(context), &recording->graph));
    KICKDRUM_CUDA_CHECK(cudaGraphInstantiate(&recording->executable, recording->graph, 0));
    KICKDRUM_CUDA_CHECK(cudaGraphUpload(recording->executable, stream(context)));
    return recording.release();
}

void abandon_capture(Context& context) noexcept {
    cudaGraph_t graph = nullptr;
    ignore(cudaStreamEndCapture(stream(context), &graph));
    if (graph != nullptr) ignore(cudaGraphDestroy(graph));
}

void launch_recording(Context& context, const StepRecording& recording) {
    KICKDRUM_CUDA_CHECK(cudaGraphLaunch(recording.executable, stream(context)));
}

void destroy_recording(StepRecording* recording) noexcept {
    // The driver keeps what a running launch still needs.
    if (recording->executable != nullptr) ignore(cudaGraphExecDestroy(recording->executable));
    if (recording->graph != nullptr) ignore(cudaGraphDestroy(recording->graph));
    delete recording;
}

}  // namespace kickdrum::cuda
