// SPDX-License-Identifier: MIT
#include "nn/training/weight_average.h"

#include "kernels/ops/weight_average.h"

namespace kickdrum {
namespace {

Tensor flat(const Buffer& buffer) {
    return buffer.tensor({static_cast<std::int64_t>(buffer.bytes() / sizeof(float))});
}

}  // namespace

WeightAverage::WeightAverage(Context& context, const ParameterStore& store, double decay)
    : decay_(decay),
      values_(context, decay > 0 ? store.trainable_bytes() : 0),
      state_(context, decay > 0 ? store.state_bytes() : 0) {
    require(decay >= 0 && decay < 1, "the decay of an average of weights must be below 1, not {}", decay);
}

void WeightAverage::update(Context& context, const StepState* state, const ParameterStore& store) {
    if (!any()) return;
    update_average(context, decay_, state, store.values(), flat(values_));
    if (state_.bytes() > 0) update_average(context, decay_, state, store.state(), flat(state_));
}

void WeightAverage::exchange(Context& context, const ParameterStore& store) {
    if (!any() || taken_) return;
    swap_weights(context, store.values(), flat(values_), store.shadow());
    if (state_.bytes() > 0) swap_weights(context, store.state(), flat(state_));
}

void WeightAverage::take(Context& context, const ParameterStore& store) {
    exchange(context, store);
    taken();
}

std::vector<Tensor> WeightAverage::memory() const {
    if (!any()) return {};
    return {flat(values_), flat(state_)};
}

}  // namespace kickdrum
