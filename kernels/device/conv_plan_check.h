// SPDX-License-Identifier: MIT
// Would a GPU of some architecture run this convolution? Asked of cuDNN itself, on a computer that needs no
// GPU: cuDNN plans from a description of the GPU's properties, and the choice is made as training would make
// it there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/cuda/conv_problem.h"

namespace kickdrum {

// The architectures that can be planned for, as nvcc writes them: "sm_80", "sm_90", "sm_100".
std::vector<std::string_view> plannable_architectures();

struct ConvPlanCheck {
    bool found = false;
    std::string description;  // found: "cudnn:forward engine 37, 0.0 MiB"; else what each engine lacked
    std::size_t scratch_bytes = 0;
    int engine = -1;                 // cuDNN's number of it
    std::vector<std::string> notes;  // what cuDNN says of its numbers: "tensor_core", ...
};

// Throws InvalidArgument for another architecture, DeviceError in a program without cuDNN (saying so, and
// what to do). Takes some milliseconds, the first call longer.
ConvPlanCheck plan_without_device(const ConvProblem& problem, std::string_view architecture);

namespace cuda {
// The backend's half: takes every architecture that it has a description of.
ConvPlanCheck plan_without_device(const ConvProblem& problem, std::string_view architecture);
}  // namespace cuda

}  // namespace kickdrum
