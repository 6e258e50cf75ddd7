// SPDX-License-Identifier: MIT
// All parameters of a network in flat memory: layers hold slices, the optimiser sees one array.
// Trainable values and their gradients share offsets. State (moving averages of batch-norm) isn't trained but is part
// of the weights: it's saved, restored and copied with them.
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
    weights,  // trainable, weight decay applies
    offset,   // trainable, no weight decay: biases, batch-norm's gamma and beta
    state,    // not trained
};

struct Parameter {
    std::string name;  // "conv2d_1/kernel"
    Shape shape;
    ParameterKind kind = ParameterKind::weights;
    Initializer initializer = Initializer::zeros;
    std::size_t offset = 0;  // bytes into the trainable or the state memory
};

struct ParameterId {
    int index = -1;
};

class ParameterStore {
 public:
    ParameterId declare(std::string name, const Shape& shape, ParameterKind kind, Initializer initializer);

    // Allocates values and gradients; no declarations after that.
    void allocate(Context& context);
    // Every parameter by its initialiser, from the random stream "init/<name>" of the seed.
    void initialize(std::uint64_t seed);

    std::span<const Parameter> parameters() const { return parameters_; }
    Tensor value(ParameterId id) const;
    Tensor value(const Parameter& parameter) const;
    Tensor gradient(ParameterId id) const;
    // The number of values of all trainable and state parameters.
    std::int64_t count() const;

    // Flat views of everything trainable, padding (always zero) included, and of the state (may be empty).
    Tensor values() const;
    Tensor gradients() const;
    Tensor state() const;
    // The slice of another flat array of values().count() elements that belongs to a trainable parameter.
    static Tensor slice(const Tensor& flat, const Parameter& parameter);

 private:
    std::vector<Parameter> parameters_;
    std::size_t trainable_bytes_ = 0;
    std::size_t state_bytes_ = 0;
    Buffer values_;
    Buffer gradients_;
    Buffer state_;
};

// A copy of all values and state: the best epoch's weights.
class WeightsSnapshot {
 public:
    WeightsSnapshot(Context& context, const ParameterStore& store);
    void save(Context& context, const ParameterStore& store);
    void restore(Context& context, const ParameterStore& store) const;

 private:
    Buffer values_;
    Buffer state_;
};

}  // namespace kickdrum
