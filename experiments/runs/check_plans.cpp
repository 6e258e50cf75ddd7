// SPDX-License-Identifier: MIT
#include "experiments/runs/check_plans.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/diagnostics.h"
#include "kernels/device/cuda_status.h"

namespace kickdrum {
namespace {

DType activations_of(const ExperimentConfig& config) {
    return config.math == Math::bf16 ? DType::bf16 : DType::f32;
}

}  // namespace

std::vector<ConvolutionCheck> check_convolutions(const ExperimentConfig& config,
                                                 const std::vector<LayerRow>& layers,
                                                 std::string_view architecture, const ConvPlanner& planner) {
    std::vector<ConvolutionCheck> checks;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (!layers[i].convolution) continue;
        const Shape src = layers[i].src.with_rows(config.training.batch_size);
        for (const auto pass : {ConvPass::forward, ConvPass::backward_src, ConvPass::backward_weights}) {
            if (i == 0 && pass == ConvPass::backward_src) continue;
            const ConvProblem problem = conv_problem(
                pass, src, *layers[i].convolution, activations_of(config), config.math, config.deterministic);
            checks.push_back({.layer = layers[i].name, .pass = pass, .plan = planner(problem, architecture)});
        }
    }
    return checks;
}

std::size_t workspace_of(const std::vector<ConvolutionCheck>& convolutions) {
    std::size_t largest = 0;
    for (const auto& check : convolutions) largest = std::max(largest, check.plan.scratch_bytes);
    return largest;
}

TrainingMemory estimate_gpu_memory(const ExperimentConfig& config, int classes) {
    Context context({.device = Device::cpu, .threads = 1});
    const Shape clip = config.features.clip_shape();
    TrainingMemory memory = plan_training_memory(context, config.model, clip, classes, config.training);
    if (config.math == Math::bf16) {
        // Values and gradients are two arrays of floats, the shadow is half of one.
        memory.parameters += memory.parameters / 4;
        memory.best_weights += memory.best_weights / 2;
        memory.activations /= 2;
        memory.batch /= 2;
    }
    return memory;
}

void require_planning(std::string_view architecture) {
    const CudaStatus status = cuda_status();
    if (status.facts.built && status.facts.cudnn > 0) return;
    // Whether there is a GPU doesn't matter: cuDNN alone is asked.
    CudaFacts with_gpu = status.facts;
    with_gpu.error = 0;
    with_gpu.gpus = {{.name = "any", .architecture = 90}};
    const CudaStatus without_gpu = judge(std::move(with_gpu));
    throw UserError(
        ExitCode::environment,
        fmt::format("'--device cuda:{}' needs cuDNN to plan with, though no GPU: {}. What to do: {}",
                    architecture, without_gpu.what, without_gpu.remedy));
}

}  // namespace kickdrum
