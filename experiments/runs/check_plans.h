// SPDX-License-Identifier: MIT
// Whether a network trains on a kind of GPU that isn't here: `kickdrum check --device cuda:sm_90`.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "kernels/device/conv_plan_check.h"
#include "nn/model/model_spec.h"
#include "nn/training/memory_plan.h"

namespace kickdrum {

// One pass of one convolution.
struct ConvolutionCheck {
    std::string layer;
    ConvPass pass = ConvPass::forward;
    ConvPlanCheck plan;
};

using ConvPlanner = std::function<ConvPlanCheck(const ConvProblem&, std::string_view architecture)>;

// Every pass that training asks for, layer by layer; the first convolution has no gradient of the images to
// give.
std::vector<ConvolutionCheck> check_convolutions(const ExperimentConfig& config,
                                                 const std::vector<LayerRow>& layers,
                                                 std::string_view architecture,
                                                 const ConvPlanner& planner = plan_without_device);

// What the convolutions take beside the activations: they take turns, so it is the largest.
std::size_t workspace_of(const std::vector<ConvolutionCheck>& convolutions);

// An estimate of what one run takes on a GPU, without the workspace: planned as for the CPU.
TrainingMemory estimate_gpu_memory(const ExperimentConfig& config, int classes);

// Throws UserError (exit code 4) where this program can't ask about other GPUs, and says what can.
void require_planning(std::string_view architecture);

}  // namespace kickdrum
