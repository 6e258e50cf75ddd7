// SPDX-License-Identifier: MIT
// Layer: a plan of operations with its parameters' slices. Built in two steps: plan() infers shapes, builds
// the ops and asks for memory; bind() learns the addresses, which then never change. Nothing is allocated
// after that.
//
// Memory contract: forward overwrites dst. backward overwrites diff_src and the gradients of the layer's
// parameters. A last partial batch comes as tensors with fewer rows.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/device/arena.h"
#include "kernels/device/philox.h"
#include "kernels/device/step_state.h"
#include "nn/model/parameter_store.h"

namespace kickdrum {

// Time in the memory plan. Ticks count up through forward; backward runs through the mirrored ticks.
constexpr int kMirror = 1 << 20;
constexpr int backward_tick(int forward_tick) {
    return kMirror - forward_tick;
}

// What a layer sees while it's planned.
struct Planning {
    Context& context;
    MemoryPlanner& memory;
    ParameterStore& parameters;
    bool training = true;  // false: backward never runs, and no memory is asked for it
    int tick = 0;          // of the layer being planned

    // Activations and their gradients have the context's type.
    std::size_t activation_bytes(const Shape& shape) const {
        return static_cast<std::size_t>(shape.count()) * size_of(context.activation_dtype());
    }
    // Scratch lives during forward and, as another block, during backward: both may share with everything
    // else.
    BlockId forward_scratch(std::size_t bytes) { return memory.request(bytes, tick, tick); }
    BlockId backward_scratch(std::size_t bytes) {
        return training ? memory.request(bytes, backward_tick(tick), backward_tick(tick)) : BlockId{};
    }
    // Workspace: from forward to backward.
    BlockId workspace(std::size_t bytes) {
        return memory.request(bytes, tick, training ? backward_tick(tick) : tick);
    }
};

// How a layer's weights begin.
struct Initializers {
    Initializer kernel = Initializer::glorot_uniform;
    Initializer bias = Initializer::zeros;
};

// What differs from one pass to the next.
struct Pass {
    bool training = false;
    std::uint64_t seed = 0;            // of the run: layers derive their random streams from it
    const StepState* state = nullptr;  // in the device's memory
    // i32 [n], or no tensor: src is a dataset, and these of its rows are the batch. For a layer that
    // takes_rows().
    Tensor rows{};
};

class Layer {
 public:
    explicit Layer(std::string name) : name_(std::move(name)) {}
    virtual ~Layer() = default;
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;

    const std::string& name() const { return name_; }

    // Returns the shape of dst for a full batch `src`.
    virtual Shape plan(Planning& planning, const Shape& src) = 0;
    virtual void bind(const Arena& arena, const ParameterStore& parameters) = 0;

    virtual void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) = 0;
    // diff_src is "no tensor" where nobody needs it (the first layer).
    virtual void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                          Tensor diff_src) = 0;

    // Whether backward reads these. What isn't read is freed, or overwritten by an in-place layer.
    virtual bool backward_reads_src() const = 0;
    virtual bool backward_reads_dst() const = 0;
    // Whether src may be a dataset of which Pass::rows names the clips.
    virtual bool takes_rows() const { return false; }
    // Whether dst may be src's memory and diff_src diff_dst's.
    virtual bool works_in_place() const { return false; }
    // A frozen layer keeps its parameters, and normalises by its moving moments: as in an evaluation. Dropout
    // goes on.
    virtual void freeze(bool frozen) { frozen_ = frozen; }
    bool frozen() const { return frozen_; }
    // Which algorithm runs it ("winograd_4x4:avx2"); empty where there's no choice.
    virtual std::string implementation() const { return {}; }

 private:
    std::string name_;
    bool frozen_ = false;
};

}  // namespace kickdrum
