// SPDX-License-Identifier: MIT
#include "nn/model/parameter_store.h"

#include <bit>
#include <cmath>

#include "kernels/device/transfer.h"
#include "kernels/ops/elementwise.h"
#include "kernels/ops/weights_layout.h"

namespace kickdrum {
namespace {

// A vector of the widest instruction set never crosses two parameters, in the shadow's 2-byte elements
// either.
constexpr std::size_t kAlignment = 64;

std::size_t aligned(std::size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

Tensor flat(const Buffer& buffer) {
    return buffer.tensor({static_cast<std::int64_t>(buffer.bytes() / sizeof(float))});
}

// The bits of the shadow as a tensor that can be copied.
Tensor bits_of(const Tensor& shadow) {
    Tensor bits = shadow;
    bits.dtype = DType::f32;
    bits.shape = {shadow.count() / 2};
    return bits;
}

// The upper half of the nearest bfloat16, ties to even.
std::uint16_t bf16_bits(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16U) | 0x40U);
    return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
}

}  // namespace

ParameterId ParameterStore::declare(std::string name, const Shape& shape, ParameterKind kind,
                                    Initializer initializer, std::int64_t fan_in) {
    if (context_ != nullptr) return find(name, shape, kind);
    std::size_t& end = is_trainable(kind) ? trainable_bytes_ : state_bytes_;
    parameters_.push_back({std::move(name), shape, kind, initializer, end, fan_in});
    end += aligned(static_cast<std::size_t>(shape.count()) * sizeof(float));
    return {static_cast<int>(parameters_.size()) - 1};
}

ParameterId ParameterStore::find(const std::string& name, const Shape& shape, ParameterKind kind) const {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        if (parameters_[i].name != name) continue;
        require(parameters_[i].shape == shape && parameters_[i].kind == kind,
                "parameter '{}' has shape {} and can't be used as one of {}", name,
                to_string(parameters_[i].shape), to_string(shape));
        return {static_cast<int>(i)};
    }
    throw InvalidArgument(fmt::format("there is no parameter '{}'", name));
}

void ParameterStore::allocate(Context& context, bool training) {
    if (context_ != nullptr) return;
    context_ = &context;
    values_ = Buffer(context, trainable_bytes_);
    if (training) gradients_ = Buffer(context, trainable_bytes_);
    state_ = Buffer(context, state_bytes_);
    if (context.math() == Math::bf16) shadow_ = Buffer(context, trainable_bytes_ / 2);
}

void ParameterStore::initialize(std::uint64_t seed) {
    std::vector<float> values;
    for (const auto& parameter : parameters_) {
        values.resize(static_cast<std::size_t>(parameter.shape.count()));
        kickdrum::initialize(parameter.initializer, parameter.shape,
                             random_stream(seed, "init/" + parameter.name), values, parameter.fan_in);
        write(parameter, values);
    }
}

bool ParameterStore::transposed(const Parameter& parameter) const {
    return parameter.kind == ParameterKind::convolution && keeps_ohwi(context_->device());
}

std::vector<float> ParameterStore::read(const Parameter& parameter) const {
    return read(parameter, is_trainable(parameter.kind) ? values() : state());
}

std::vector<float> ParameterStore::read(const Parameter& parameter, const Tensor& flat) const {
    std::vector<float> values = download_f32(*context_, slice(flat, parameter));
    if (!transposed(parameter)) return values;
    std::vector<float> hwio(values.size());
    ohwi_to_hwio(parameter.shape, values, hwio);
    return hwio;
}

void ParameterStore::write(const Parameter& parameter, std::span<const float> values) {
    write(parameter, is_trainable(parameter.kind) ? this->values() : state(), values);
}

void ParameterStore::write(const Parameter& parameter, const Tensor& flat, std::span<const float> values) {
    require(static_cast<std::int64_t>(values.size()) == parameter.shape.count(),
            "{} has shape {}, it can't take {} values", parameter.name, to_string(parameter.shape),
            values.size());
    std::vector<float> ohwi;
    if (transposed(parameter)) {
        ohwi.resize(values.size());
        hwio_to_ohwi(parameter.shape, values, ohwi);
        values = ohwi;
    }
    upload(*context_, values.data(), slice(flat, parameter));
    if (shadow_.bytes() == 0 || flat.data != values_.data()) return;
    std::vector<std::uint16_t> halves;
    for (const float value : values) halves.push_back(bf16_bits(value));
    upload(*context_, halves.data(), slice(shadow(), parameter));
}

Tensor ParameterStore::value(const Parameter& parameter) const {
    return slice(is_trainable(parameter.kind) ? values() : state(), parameter);
}

Tensor ParameterStore::value(ParameterId id) const {
    return value(parameters_.at(static_cast<std::size_t>(id.index)));
}

Tensor ParameterStore::gradient(ParameterId id) const {
    const auto& parameter = parameters_.at(static_cast<std::size_t>(id.index));
    require(is_trainable(parameter.kind), "{} has no gradient", parameter.name);
    return gradients_.bytes() == 0 ? Tensor{} : slice(gradients(), parameter);
}

Tensor ParameterStore::operand(ParameterId id) const {
    const auto& parameter = parameters_.at(static_cast<std::size_t>(id.index));
    return shadow_.bytes() > 0 && is_trainable(parameter.kind) ? slice(shadow(), parameter)
                                                               : value(parameter);
}

std::int64_t ParameterStore::count() const {
    std::int64_t count = 0;
    for (const auto& parameter : parameters_) count += parameter.shape.count();
    return count;
}

Tensor ParameterStore::values() const {
    return flat(values_);
}
Tensor ParameterStore::gradients() const {
    return gradients_.bytes() == 0 ? Tensor{} : flat(gradients_);
}
Tensor ParameterStore::state() const {
    return flat(state_);
}

Tensor ParameterStore::shadow() const {
    if (shadow_.bytes() == 0) return {};
    return shadow_.tensor({static_cast<std::int64_t>(shadow_.bytes() / size_of(DType::bf16))}, DType::bf16);
}

Tensor ParameterStore::slice(const Tensor& flat, const Parameter& parameter) {
    Tensor view = flat;
    view.data = static_cast<std::byte*>(flat.data) + parameter.offset / sizeof(float) * size_of(flat.dtype);
    view.shape = parameter.shape;
    return view;
}

WeightsSnapshot::WeightsSnapshot(Context& context, const ParameterStore& store)
    : values_(context, store.values().bytes()),
      state_(context, store.state().bytes()),
      shadow_(context, store.shadow().bytes()) {}

void WeightsSnapshot::save(Context& context, const ParameterStore& store) {
    copy(context, store.values(), flat(values_));
    if (state_.bytes() > 0) copy(context, store.state(), flat(state_));
    if (shadow_.bytes() > 0) copy(context, bits_of(store.shadow()), flat(shadow_));
}

std::vector<Tensor> WeightsSnapshot::memory() const {
    return {flat(values_), flat(state_), flat(shadow_)};
}

void WeightsSnapshot::restore(Context& context, const ParameterStore& store) const {
    copy(context, flat(values_), store.values());
    if (state_.bytes() > 0) copy(context, flat(state_), store.state());
    if (shadow_.bytes() > 0) copy(context, flat(shadow_), bits_of(store.shadow()));
}

}  // namespace kickdrum
