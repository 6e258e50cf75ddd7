// SPDX-License-Identifier: MIT
#include "experiments/models/model_comparison.h"

#include <algorithm>
#include <cmath>

#include "kernels/device/philox.h"

namespace kickdrum {
namespace {

std::vector<float> probe_inputs(const Shape& clip, int clips) {
    const RandomStream stream = random_stream(0, "model comparison");
    std::vector<float> values(static_cast<std::size_t>(clip.count() * clips));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = uniform01(philox(stream, i / 4)[i % 4]);
    return values;
}

std::vector<float> probabilities(const ModelFile& model, std::span<const float> inputs, int clips) {
    Context context;
    return Predictor(context, model.network, model.inference(clips)).probabilities(inputs);
}

}  // namespace

double largest_difference(const ModelFile& a, const ModelFile& b, int clips) {
    require(a.clip_shape() == b.clip_shape(), "one model takes inputs of shape {}, the other of {}",
            to_string(a.clip_shape()), to_string(b.clip_shape()));
    require(a.network.classes == b.network.classes, "one model has {} classes, the other {}",
            a.network.classes, b.network.classes);
    const std::vector<float> inputs = probe_inputs(a.clip_shape(), clips);
    const std::vector<float> first = probabilities(a, inputs, clips);
    const std::vector<float> second = probabilities(b, inputs, clips);
    double largest = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
        const double difference = std::abs(static_cast<double>(first[i]) - static_cast<double>(second[i]));
        // NaN differs from everything.
        if (!(difference <= largest)) largest = std::isnan(difference) ? HUGE_VAL : difference;
    }
    return largest;
}

}  // namespace kickdrum
