// SPDX-License-Identifier: MIT
#include "kernels/device/step_graph.h"

#include "kernels/device/dispatch.h"

namespace kickdrum {

bool captures_steps(const Context& context) {
    return kWithCuda && context.device() == Device::cuda;
}

void StepGraph::run(Context& context, const std::function<void()>& step) {
    if (!captures_steps(context) || !capture_ || !warm_) {
        step();
        warm_ = true;
        return;
    }
    if constexpr (kWithCuda) {
        if (!recording_) record(context, step);
        cuda::launch_recording(context, *recording_);
    }
}

void StepGraph::record(Context& context, const std::function<void()>& step) {
    if constexpr (kWithCuda) {
        cuda::begin_capture(context);
        try {
            step();
            recording_ = Recording(cuda::end_capture(context), &cuda::destroy_recording);
        } catch (...) {
            cuda::abandon_capture(context);
            throw;
        }
    }
}

}  // namespace kickdrum
