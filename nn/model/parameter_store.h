// SPDX-License-Identifier: MIT
// All parameters of a network in flat memory of the device: layers hold slices, the optimiser sees one array.
// Trainable values and their gradients share offsets. State (moving averages of batch-norm) isn't trained but
// is part of the weights: it's saved, restored and copied with them.
//
// In Math::bf16 there is also a shadow of the trainable values, rounded to bf16, for the products of
// convolutions and dense layers. Whoever writes values writes the shadow too: write() here, the optimiser in
// its pass.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/device/buffer.h"
#include "nn/model/initializer.h"

namespace kickdrum {

enum class ParameterKind : std::uint8_t {
    weights,      // trainable, weight decay applies
    convolution,  // so are these; kept in the device's own layout (weights_layout.h)
    offset,       // trainable, no weight decay: biases, batch-norm's gamma and beta
    state,        // not trained
};
constexpr bool is_trainable(ParameterKind kind) {
    return kind != ParameterKind::state;
}
constexpr bool takes_decay(ParameterKind kind) {
    return kind == ParameterKind::weights || kind == ParameterKind::convolution;
}

struct Parameter {
    std::string name;  // "conv2d_1/kernel"
    Shape shape;       // of a convolution: HWIO, whatever the device's layout
    ParameterKind kind = ParameterKind::weights;
    Initializer initializer = Initializer::zeros;
    std::size_t offset = 0;   // bytes into the trainable or the state memory
    std::int64_t fan_in = 0;  // for the initialiser, of its layer; 0: as the shape says
};

struct ParameterId {
    int index = -1;
};

class ParameterStore {
 public:
    // After allocate(): finds a parameter of that name, shape and kind, for a network that is planned once more
    // for other inputs and shares the parameters of the first.
    ParameterId declare(std::string name, const Shape& shape, ParameterKind kind, Initializer initializer,
                        std::int64_t fan_in = 0);

    // Allocates values and gradients on the context, which must outlive the store. The second call, for a second
    // plan, does nothing. Without `training` there are no gradients.
    void allocate(Context& context, bool training = true);
    // Every parameter by its initialiser, from the random stream "init/<name>" of the seed.
    void initialize(std::uint64_t seed);

    std::span<const Parameter> parameters() const { return parameters_; }
    // In the device's memory and layout.
    Tensor value(ParameterId id) const;
    Tensor value(const Parameter& parameter) const;
    Tensor gradient(ParameterId id) const;  // or "no tensor"
    // What products take: the value, in Math::bf16 its shadow.
    Tensor operand(ParameterId id) const;
    // The number of values of all trainable and state parameters.
    std::int64_t count() const;
    // What allocate() takes, or took: for values or for gradients, and for the state.
    std::size_t trainable_bytes() const { return trainable_bytes_; }
    std::size_t state_bytes() const { return state_bytes_; }

    // A parameter's values, or those of its slice of another flat array, on the host and in the layout of its
    // shape.
    std::vector<float> read(const Parameter& parameter) const;
    std::vector<float> read(const Parameter& parameter, const Tensor& flat) const;
    void write(const Parameter& parameter, std::span<const float> values);
    void write(const Parameter& parameter, const Tensor& flat, std::span<const float> values);

    // Flat views of everything trainable, padding (always zero) included, and of the state (may be empty).
    Tensor values() const;
    Tensor gradients() const;  // or "no tensor"
    Tensor state() const;
    Tensor shadow() const;  // "no tensor" unless Math::bf16
    // The slice of another flat array of values().count() elements that belongs to a trainable parameter.
    static Tensor slice(const Tensor& flat, const Parameter& parameter);

 private:
    ParameterId find(const std::string& name, const Shape& shape, ParameterKind kind) const;
    bool transposed(const Parameter& parameter) const;

    Context* context_ = nullptr;
    std::vector<Parameter> parameters_;
    std::size_t trainable_bytes_ = 0;
    std::size_t state_bytes_ = 0;
    Buffer values_;
    Buffer gradients_;
    Buffer state_;
    Buffer shadow_;
};

// A copy of all values and state: the best epoch's weights.
class WeightsSnapshot {
 public:
    WeightsSnapshot(Context& context, const ParameterStore& store);
    void save(Context& context, const ParameterStore& store);
    void restore(Context& context, const ParameterStore& store) const;
    std::vector<Tensor> memory() const;  // all of it; some may be empty

 private:
    Buffer values_;
    Buffer state_;
    Buffer shadow_;
};

}  // namespace kickdrum
