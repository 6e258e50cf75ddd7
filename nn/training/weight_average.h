// SPDX-License-Identifier: MIT
// The moving average of a network's weights and state over the steps of its training (weight_average.h of
// kernels/ops): it is what evaluations see and what training leaves, while the steps go on with the weights
// themselves.
#pragma once

#include <vector>

#include "kernels/device/step_state.h"
#include "nn/model/parameter_store.h"

namespace kickdrum {

class WeightAverage {
 public:
    // decay 0: there is no average, and no memory is taken.
    WeightAverage(Context& context, const ParameterStore& store, double decay);

    bool any() const { return decay_ > 0; }
    // At the end of a step.
    void update(Context& context, const StepState* state, const ParameterStore& store);
    // Exchanges the average with the weights. After take(), the weights are the average for good, and nothing
    // is exchanged any more.
    void exchange(Context& context, const ParameterStore& store);
    void take(Context& context, const ParameterStore& store);
    // The weights are the average already: a snapshot of it came back.
    void taken() { taken_ = any(); }

    static std::size_t bytes(const ParameterStore& store) {
        return store.trainable_bytes() + store.state_bytes();
    }
    std::vector<Tensor> memory() const;  // may be empty

 private:
    double decay_;
    bool taken_ = false;
    Buffer values_;
    Buffer state_;
};

// While it lives, the weights are the average, if there was a step that it could begin with.
class AverageInPlace {
 public:
    AverageInPlace(Context& context, WeightAverage& average, const ParameterStore& store, std::uint64_t steps)
        : context_(context), average_(average), store_(store), begun_(steps > 0) {
        if (begun_) average_.exchange(context_, store_);
    }
    ~AverageInPlace() {
        if (begun_) average_.exchange(context_, store_);
    }
    AverageInPlace(const AverageInPlace&) = delete;
    AverageInPlace& operator=(const AverageInPlace&) = delete;

 private:
    Context& context_;
    WeightAverage& average_;
    const ParameterStore& store_;
    bool begun_;
};

}  // namespace kickdrum
