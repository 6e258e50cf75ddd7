// SPDX-License-Identifier: MIT
// Which of cuDNN's engines computes a convolution: asked with a handle of a GPU that is here, or with the
// description of one that isn't. The same code decides in both cases.
#pragma once

#include <cudnn.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/cuda/conv_problem.h"
#include "kernels/cuda/cudnn_descriptor.cuh"

namespace kickdrum::cuda {

// The GPU to plan for: one of the two is set.
struct PlanTarget {
    cudnnHandle_t handle = nullptr;
    const Descriptor* properties = nullptr;  // made by describe_architecture()
};

// From our own table of what the GPUs are like. Throws InvalidArgument for an architecture that isn't in it.
Descriptor describe_architecture(std::string_view architecture);

// The numbers that cuDNN gives the tensors of a plan.
enum ConvTensorId : std::int64_t { kConvSrc = 1, kConvWeights = 2, kConvDst = 3 };

// The operation, ready to be asked about. What cuDNN can't describe throws CudnnError.
Descriptor conv_graph(const ConvProblem& problem, const PlanTarget& target);

struct ConvPlan {
    Descriptor plan;
    std::int64_t engine = -1;  // cuDNN's number of it
    std::vector<cudnnBackendNumericalNote_t> notes;
    std::size_t library_bytes = 0;  // scratch of the library
    std::size_t narrow_bytes =
        0;  // scratch for a result in bf16, still to be widened to f32; 0: the result is as asked
    std::size_t scratch_bytes() const { return narrow_bytes + library_bytes; }
};
// "cudnn:forward engine 37, 0.0 MiB"
std::string describe(const ConvProblem& problem, const ConvPlan& plan);

// Of the engines that cuDNN's heuristics name, best first, the first that is admissible: compiled beforehand,
// adding in a fixed order where the problem asks for that, rounding operands only where its Math allows it,
// without transforms (Winograd, FFT), within the scratch limit. None: `reasons` says what each lacked.
//
// cuDNN 9.19 has no engine that makes f32 weight gradients from bf16. Where there's none the plan makes them
// in bf16 (summed in float, rounded once at the end) and leaves the widening to its user.
std::optional<ConvPlan> choose_conv_plan(const ConvProblem& problem, const PlanTarget& target,
                                         std::string& reasons);

std::string_view note_name(cudnnBackendNumericalNote_t note);

}  // namespace kickdrum::cuda
