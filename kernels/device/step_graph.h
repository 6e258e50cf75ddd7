// SPDX-License-Identifier: MIT
// StepGraph: the same step run again and again. A training step is some hundred small kernels; on CUDA asking
// for each of them takes longer than many of them run. So the step's first run is an ordinary one (libraries
// load their code and plans are made), the second is captured as a CUDA graph, and from then on the graph is
// launched, with one call of the driver a step.
//
// What a step does may depend on the device's memory only (StepState), never on the host's variables: those
// are asked once. On the CPU the step is simply called, each time.
#pragma once

#include <functional>
#include <memory>

#include "kernels/device/context.h"

namespace kickdrum {

namespace cuda {
struct StepRecording;
}

// Whether steps are captured on this context's device. Each must then have the same shapes as the first.
bool captures_steps(const Context& context);

class StepGraph {
 public:
    // Does the step, or asks the device to: its results are there after synchronize(). An exception that the
    // step throws while it's captured is passed on, and the next run captures again.
    void run(Context& context, const std::function<void()>& step);
    // With false every run is an ordinary one: the same results, but an error shows where it's made.
    void capture(bool on) { capture_ = on; }
    bool captured() const { return recording_ != nullptr; }

 private:
    void record(Context& context, const std::function<void()>& step);

    using Recording = std::unique_ptr<cuda::StepRecording, void (*)(cuda::StepRecording*)>;
    Recording recording_{nullptr, nullptr};
    bool capture_ = true;
    bool warm_ = false;
};

// The backend's half.
namespace cuda {
// From here on the context's stream notes what it's asked for instead of doing it.
void begin_capture(Context& context);
// Ends that. The recording is ready to be launched.
StepRecording* end_capture(Context& context);
// Ends it and forgets what was noted.
void abandon_capture(Context& context) noexcept;
void launch_recording(Context& context, const StepRecording& recording);
void destroy_recording(StepRecording* recording) noexcept;
}  // namespace cuda

}  // namespace kickdrum
