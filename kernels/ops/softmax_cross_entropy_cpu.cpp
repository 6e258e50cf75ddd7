// SPDX-License-Identifier: MIT
// Rows are short (classes) and few (a batch), so this is computed in double precision: the gradient of a
// nearly certain row is then exact to the last bit of a float.
#include <algorithm>
#include <cmath>

#include "kernels/cpu/parallel_chunks.h"
#include "kernels/ops/softmax_cross_entropy.h"

namespace kickdrum::cpu {
namespace {

// p_k = exp(z_k - maximum - log_sum).
struct RowSoftmax {
    double maximum;
    double log_sum;

    double log_probability(float logit) const { return static_cast<double>(logit) - maximum - log_sum; }
};

RowSoftmax row_softmax(const float* logits, std::int64_t classes) {
    float maximum = logits[0];
    for (std::int64_t k = 1; k < classes; ++k) maximum = logits[k] > maximum ? logits[k] : maximum;
    double sum = 0;
    for (std::int64_t k = 0; k < classes; ++k)
        sum += std::exp(static_cast<double>(logits[k]) - static_cast<double>(maximum));
    return {static_cast<double>(maximum), std::log(sum)};
}

}  // namespace

void softmax_cross_entropy(Context& context, const SoftmaxCrossEntropySpec& spec, Tensor logits,
                           Tensor labels, Tensor weights, StepState* state, Tensor probabilities,
                           Tensor row_loss, Tensor diff_logits, const MixedLabels& mixed) {
    const std::int64_t classes = logits.shape[1];
    const std::int64_t counted = std::min<std::int64_t>(state->rows, logits.rows());
    for (std::int64_t row = 0; row < counted; ++row) {
        const std::int32_t label = labels.i32()[row];
        require(label >= 0 && label < classes,
                "softmax_cross_entropy: labels[{}] is {}, but there are {} classes", row, label, classes);
    }
    const auto smoothing = static_cast<double>(spec.label_smoothing);
    const double off_target = smoothing / static_cast<double>(classes);
    const double smoothed = 1 - smoothing;
    const auto scale = static_cast<double>(state->loss_scale);
    parallel_rows(context, logits.rows(), [&](std::int64_t row) {
        const float* z = logits.f32() + row * classes;
        float* p = probabilities.f32() + row * classes;
        float* dz = diff_logits ? diff_logits.f32() + row * classes : nullptr;
        const std::int32_t label = labels.i32()[row];
        const double weight = row < counted ? static_cast<double>(weights.f32()[row]) : 0;
        const RowSoftmax softmax = row_softmax(z, classes);
        const std::int32_t other = mixed.shares ? mixed.other_labels.i32()[row] : label;
        const bool is_mixed = other != label && other >= 0 && other < classes;
        const double share = is_mixed ? static_cast<double>(mixed.shares.f32()[row]) : 1;
        double loss = 0;
        for (std::int64_t k = 0; k < classes; ++k) {
            double target = off_target;
            if (k == label) target = smoothed * share + off_target;
            if (is_mixed && k == other) target = smoothed * (1 - share) + off_target;
            const double log_probability = softmax.log_probability(z[k]);
            const double probability = std::exp(log_probability);
            if (target != 0) loss -= target * log_probability;  // 0 * log 0 is 0
            p[k] = static_cast<float>(probability);
            if (dz != nullptr) dz[k] = static_cast<float>(weight * (probability - target) * scale);
        }
        row_loss.f32()[row] = static_cast<float>(weight * loss);
    });
    double sum = 0;
    for (std::int64_t row = 0; row < counted; ++row) {
        sum += static_cast<double>(row_loss.f32()[row]);
        const float* p = probabilities.f32() + row * classes;
        if (std::max_element(p, p + classes) - p == labels.i32()[row]) ++state->correct;
    }
    state->loss_sum += sum;
}

void softmax(Context& context, Tensor logits, Tensor probabilities) {
    const std::int64_t classes = logits.shape[1];
    parallel_rows(context, logits.rows(), [&](std::int64_t row) {
        const float* z = logits.f32() + row * classes;
        float* p = probabilities.f32() + row * classes;
        const RowSoftmax softmax = row_softmax(z, classes);
        for (std::int64_t k = 0; k < classes; ++k)
            p[k] = static_cast<float>(std::exp(softmax.log_probability(z[k])));
    });
}

}  // namespace kickdrum::cpu
