// SPDX-License-Identifier: MIT
#include "nn/model/parameter_store.h"

#include "kernels/ops/elementwise.h"

namespace kickdrum {
namespace {

constexpr std::size_t kAlignment = 64;  // a vector of the widest instruction set never crosses two parameters

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

Tensor flat(const Buffer& buffer) {
    return buffer.tensor({static_cast<std::int64_t>(buffer.bytes() / sizeof(float))});
}

}  // namespace

ParameterId ParameterStore::declare(std::string name, const Shape& shape, ParameterKind kind,
                                    Initializer initializer) {
    require(values_.data() == nullptr, "parameter '{}' was declared after the allocation", name);
    std::size_t& end = kind == ParameterKind::state ? state_bytes_ : trainable_bytes_;
    parameters_.push_back({std::move(name), shape, kind, initializer, end});
    end += aligned(static_cast<std::size_t>(shape.count()) * sizeof(float));
    return {static_cast<int>(parameters_.size()) - 1};
}

void ParameterStore::allocate(Context& context) {
    values_ = Buffer(context, trainable_bytes_);
    gradients_ = Buffer(context, trainable_bytes_);
    state_ = Buffer(context, state_bytes_);
}

void ParameterStore::initialize(std::uint64_t seed) {
    for (const auto& parameter : parameters_) {
        const Tensor tensor = value(parameter);
        kickdrum::initialize(parameter.initializer, parameter.shape, random_stream(seed, "init/" + parameter.name),
                             {tensor.f32(), static_cast<std::size_t>(tensor.count())});
    }
}

Tensor ParameterStore::value(const Parameter& parameter) const {
    const Buffer& buffer = parameter.kind == ParameterKind::state ? state_ : values_;
    return buffer.tensor(parameter.shape, DType::f32, parameter.offset);
}

Tensor ParameterStore::value(ParameterId id) const {
    return value(parameters_.at(static_cast<std::size_t>(id.index)));
}

Tensor ParameterStore::gradient(ParameterId id) const {
    const auto& parameter = parameters_.at(static_cast<std::size_t>(id.index));
    require(parameter.kind != ParameterKind::state, "{} has no gradient", parameter.name);
    return gradients_.tensor(parameter.shape, DType::f32, parameter.offset);
}

std::int64_t ParameterStore::count() const {
    std::int64_t count = 0;
    for (const auto& parameter : parameters_) count += parameter.shape.count();
    return count;
}

Tensor ParameterStore::values() const { return flat(values_); }
Tensor ParameterStore::gradients() const { return flat(gradients_); }
Tensor ParameterStore::state() const { return flat(state_); }

Tensor ParameterStore::slice(const Tensor& flat, const Parameter& parameter) {
    Tensor view = flat;
    view.data = flat.f32() + parameter.offset / sizeof(float);
    view.shape = parameter.shape;
    return view;
}

WeightsSnapshot::WeightsSnapshot(Context& context, const ParameterStore& store)
    : values_(context, store.values().bytes()), state_(context, store.state().bytes()) {}

void WeightsSnapshot::save(Context& context, const ParameterStore& store) {
    copy(context, store.values(), flat(values_));
    if (state_.bytes() > 0) copy(context, store.state(), flat(state_));
}

void WeightsSnapshot::restore(Context& context, const ParameterStore& store) const {
    copy(context, flat(values_), store.values());
    if (state_.bytes() > 0) copy(context, flat(state_), store.state());
}

}  // namespace kickdrum
