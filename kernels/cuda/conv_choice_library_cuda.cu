// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "kernels/cuda/conv_choice.cuh"
#include "kernels/cuda/engine_kernels.cuh"

namespace kickdrum::cuda {
namespace {

struct Notes {
    std::vector<cudnnBackendNumericalNote_t> numerical;
    std::vector<cudnnBackendBehaviorNote_t> behaviour;
};

Notes notes_of(const Descriptor& engine) {
    return {engine.values<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE),
            engine.values<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE)};
}

bool allowed(const ConvProblem& problem, cudnnBackendNumericalNote_t note) {
    switch (note) {
        case CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP: return true;
        case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC: return !problem.deterministic;
        // Products of bf16 are exact in float. Of f32, tensor cores round the operands first.
        case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
            return problem.operands == DType::bf16 || problem.math != Math::fp32;
        case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
            return problem.operands == DType::f32 && problem.math != Math::fp32;
        default: return false;
    }
}

// What is wrong with an engine of these notes; empty: nothing.
std::string objection(const ConvProblem& problem, const Notes& notes) {
    for (const auto note : notes.behaviour) {
        if (note == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) return "compiles at run time";
    }
    for (const auto note : notes.numerical) {
        if (!allowed(problem, note)) return std::string(note_name(note));
    }
    return {};
}

Descriptor finish_plan(const Descriptor& config, const PlanTarget& target) {
    Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    if (target.handle != nullptr) plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, target.handle);
    if (target.properties != nullptr) plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *target.properties);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config).finish();
    return plan;
}

// The plan of one configuration, or what is wrong with it.
std::optional<ConvPlan> try_config(const ConvProblem& problem, const PlanTarget& target,
                                   const Descriptor& config, std::string& reason) {
    const Descriptor engine = config.descriptor(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    Notes notes = notes_of(engine);
    const std::int64_t index = engine.integer(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
    const auto refuse = [&](std::string_view why) {
        reason = fmt::format("engine {}: {}", index, why);
        return std::nullopt;
    };
    if (const std::string why = objection(problem, notes); !why.empty()) return refuse(why);
    try {
        Descriptor plan = finish_plan(config, target);
        const auto bytes = static_cast<std::size_t>(plan.integer(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
        if (bytes > problem.scratch_limit) return refuse(fmt::format("needs {} bytes of scratch", bytes));
        return ConvPlan{std::move(plan), index, std::move(notes.numerical), bytes};
    } catch (const CudnnError& error) {
        if (!error.not_supported()) throw;
        return refuse(cudnnGetErrorString(error.status()));
    }
}

std::vector<Descriptor> ranked_configs(const Descriptor& graph, const PlanTarget& target,
                                       cudnnBackendHeurMode_t mode) {
    Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph).set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
    if (target.properties != nullptr) heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *target.properties);
    heuristics.finish();
    return heuristics.descriptors(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
}

std::optional<ConvPlan> choose_engine(const ConvProblem& problem, const PlanTarget& target,
                                      std::string& reasons) {
    const auto note = [&](std::string_view reason) {
        reasons += fmt::format("{}{}", reasons.empty() ? "" : "; ", reason);
    };
    try {
        const Descriptor graph = conv_graph(problem, target);
        for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
            for (const Descriptor& config : ranked_configs(graph, target, mode)) {
                std::string reason;
                if (auto plan = try_config(problem, target, config, reason)) return plan;
                note(reason);
            }
        }
        if (reasons.empty()) note("cuDNN knows no engine");
    } catch (const CudnnError& error) {
        if (!error.not_supported()) throw;
        note(error.what());
    }
    return std::nullopt;
}

}  // namespace

std::optional<ConvPlan> choose_conv_plan(const ConvProblem& problem, const PlanTarget& target,
                                         std::string& reasons) {
    auto plan = choose_engine(problem, target, reasons);
    if (plan || problem.result == problem.operands) return plan;
    const std::size_t narrow_bytes = align_scratch(problem.out_shape().count() * 2);
    if (narrow_bytes > problem.scratch_limit) return std::nullopt;
    ConvProblem narrow = problem;
    narrow.result = DType::bf16;
    narrow.scratch_limit -= narrow_bytes;
    plan = choose_engine(narrow, target, reasons);
    if (plan) plan->narrow_bytes = narrow_bytes;
    return plan;
}

std::string describe(const ConvProblem& problem, const ConvPlan& plan) {
    return fmt::format("cudnn:{} engine {}, {:.1f} MiB", to_string(problem.pass), plan.engine,
                       static_cast<double>(plan.scratch_bytes()) / (1 << 20));
}

std::string_view note_name(cudnnBackendNumericalNote_t note) {
    constexpr std::array<std::string_view, 10> kNames = {"tensor_core",
                                                         "down_convert_inputs",
                                                         "reduced_precision_reduction",
                                                         "fft",
                                                         "nondeterministic",
                                                         "winograd",
                                                         "winograd_4x4",
                                                         "winograd_6x6",
                                                         "winograd_13x13",
                                                         "strict_nan_prop"};
    const auto index = static_cast<std::size_t>(note);
    return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace kickdrum::cuda
