// SPDX-License-Identifier: MIT
// In double precision, as the softmax is: rows are short and few.
#include <cmath>

#include "kernels/cpu/parallel_chunks.h"
#include "kernels/ops/binary_cross_entropy.h"

namespace kickdrum::cpu {
namespace {

// Of two exponents the one that can't overflow.
struct Sigmoid {
    explicit Sigmoid(double logit)
        : small(std::exp(-std::abs(logit))),
          probability(logit >= 0 ? 1 / (1 + small) : small / (1 + small)),
          softplus((logit > 0 ? logit : 0) + std::log1p(small)) {}
    double small;
    double probability;
    double softplus;
};

}  // namespace

void binary_cross_entropy(Context& context, const BinaryCrossEntropySpec& spec, const LabelSets& sets,
                          Tensor logits, Tensor labels, Tensor weights, StepState* state,
                          Tensor probabilities, Tensor row_loss, Tensor diff_logits,
                          const MixedLabels& mixed) {
    const std::int64_t classes = logits.shape[1];
    const std::int64_t counted = std::min<std::int64_t>(state->rows, logits.rows());
    const std::int64_t known = sets.present.rows();
    for (std::int64_t row = 0; row < counted; ++row) {
        const std::int32_t label = labels.i32()[row];
        require(label >= 0 && label < known, "binary_cross_entropy: labels[{}] is {}, but there are {} sets",
                row, label, known);
    }
    const auto smoothing = static_cast<double>(spec.label_smoothing);
    const auto scale = static_cast<double>(state->loss_scale);
    const float* const absent = sets.class_weights.f32();
    const float* const present = absent + classes;
    parallel_rows(context, logits.rows(), [&](std::int64_t row) {
        const float* z = logits.f32() + row * classes;
        float* p = probabilities.f32() + row * classes;
        float* dz = diff_logits ? diff_logits.f32() + row * classes : nullptr;
        const double weight = row < counted ? static_cast<double>(weights.f32()[row]) : 0;
        const std::int32_t label = row < counted ? labels.i32()[row] : 0;
        const float* own = sets.present.f32() + label * classes;
        const std::int32_t other = mixed.shares && row < counted ? mixed.other_labels.i32()[row] : label;
        const bool is_mixed = other != label && other >= 0 && other < known;
        const float* second = is_mixed ? sets.present.f32() + other * classes : own;
        const double share = is_mixed ? static_cast<double>(mixed.shares.f32()[row]) : 1;
        double loss = 0;
        for (std::int64_t k = 0; k < classes; ++k) {
            const double has =
                share * static_cast<double>(own[k]) + (1 - share) * static_cast<double>(second[k]);
            const double target = has * (1 - smoothing) + smoothing / 2;
            const double class_weight =
                (static_cast<double>(absent[k]) + has * static_cast<double>(present[k] - absent[k])) /
                static_cast<double>(classes);
            const auto logit = static_cast<double>(z[k]);
            const Sigmoid sigmoid(logit);
            loss += class_weight * (sigmoid.softplus - target * logit);
            p[k] = static_cast<float>(sigmoid.probability);
            if (dz != nullptr)
                dz[k] = static_cast<float>(weight * class_weight * (sigmoid.probability - target) * scale);
        }
        row_loss.f32()[row] = row < counted ? static_cast<float>(weight * loss) : 0;
    });
    double sum = 0;
    for (std::int64_t row = 0; row < counted; ++row) {
        sum += static_cast<double>(row_loss.f32()[row]);
        const float* p = probabilities.f32() + row * classes;
        const float* own = sets.present.f32() + labels.i32()[row] * classes;
        bool all = true;
        for (std::int64_t k = 0; k < classes; ++k) all = all && (p[k] >= 0.5F) == (own[k] > 0.5F);
        if (all) ++state->correct;
    }
    state->loss_sum += sum;
}

}  // namespace kickdrum::cpu
