// SPDX-License-Identifier: MIT
// A warp for each row, in double precision, as on the CPU.
#include "kernels/ops/binary_cross_entropy.h"

#include <cmath>

#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/loss_rows.cuh"
#include "kernels/cuda/reduce.cuh"

namespace kickdrum::cuda {
namespace {

template <class T>
struct Arguments {
    const T* logits;
    const std::int32_t* labels;
    const float* weights;
    const float* sets;           // [known, classes]
    const float* class_weights;  // [2, classes]
    float* probabilities;
    float* row_loss;
    T* diff_logits;  // null: no gradient. It may be logits' memory, as each lane reads what it writes
    std::int64_t rows;
    std::int64_t classes;
    std::int32_t known;
    double smoothing;
    const std::int32_t* other_labels;  // null: no mixtures
    const float* shares;
};

// By a warp. `counts`: the row isn't padding.
template <class T>
__device__ RowLoss loss_of_row(const Arguments<T>& a, std::int64_t row, bool counts, double scale) {
    const std::int32_t label = a.labels[row];
    const bool is_known = label >= 0 && label < a.known;
    const double weight = is_known ? static_cast<double>(a.weights[row]) : static_cast<double>(NAN);
    const float* const own = a.sets + (is_known ? label : 0) * a.classes;
    const std::int32_t other = a.shares != nullptr ? a.other_labels[row] : label;
    const bool is_mixed = other != label && other >= 0 && other < a.known;
    const float* const second = is_mixed ? a.sets + other * a.classes : own;
    const double share = is_mixed ? static_cast<double>(a.shares[row]) : 1;
    double loss = 0;
    int wrong = 0;
    for (std::int64_t k = lane_number(); k < a.classes; k += kWarpSize) {
        const std::int64_t at = row * a.classes + k;
        const double has = share * static_cast<double>(own[k]) + (1 - share) * static_cast<double>(second[k]);
        const double target = has * (1 - a.smoothing) + a.smoothing / 2;
        const float absent = a.class_weights[k];
        const float present = a.class_weights[a.classes + k];
        const double class_weight =
            (static_cast<double>(absent) + has * static_cast<double>(present - absent)) /
            static_cast<double>(a.classes);
        const auto logit = static_cast<double>(to_float(a.logits[at]));
        const double small = exp(-fabs(logit));
        const double probability = (logit >= 0 ? 1 : small) / (1 + small);
        const double softplus = (logit > 0 ? logit : 0) + log1p(small);
        loss += class_weight * (softplus - target * logit);
        const auto rounded = static_cast<float>(probability);
        if ((rounded >= 0.5F) != (own[k] > 0.5F)) ++wrong;
        a.probabilities[at] = rounded;
        if (a.diff_logits != nullptr) {
            const double gradient = counts ? weight * class_weight * (probability - target) * scale : 0;
            a.diff_logits[at] = from_float<T>(static_cast<float>(gradient));
        }
    }
    loss = warp_reduce(loss);
    wrong = warp_reduce(wrong);
    const float rounded_loss = counts ? static_cast<float>(weight * loss) : 0;
    if (lane_number() == 0) a.row_loss[row] = rounded_loss;
    return {static_cast<double>(rounded_loss), counts && is_known && wrong == 0 ? 1 : 0};
}

template <class T>
// One block a launch: registers need not leave room for others.
__global__ void __launch_bounds__(kLossThreads, 1)
    binary_cross_entropy_kernel(Arguments<T> arguments, StepState* state) {
    add_loss_rows(arguments.rows, state, [&](std::int64_t row, bool counts, double scale) {
        return loss_of_row(arguments, row, counts, scale);
    });
}

}  // namespace

void binary_cross_entropy(Context& context, const BinaryCrossEntropySpec& spec, const LabelSets& sets,
                          Tensor logits, Tensor labels, Tensor weights, StepState* state,
                          Tensor probabilities, Tensor row_loss, Tensor diff_logits,
                          const MixedLabels& mixed) {
    with_activation_type(logits.dtype, [&]<class T>(std::type_identity<T>) {
        const Arguments<T> arguments = {.logits = data_of<T>(logits),
                                        .labels = labels.i32(),
                                        .weights = weights.f32(),
                                        .sets = sets.present.f32(),
                                        .class_weights = sets.class_weights.f32(),
                                        .probabilities = probabilities.f32(),
                                        .row_loss = row_loss.f32(),
                                        .diff_logits = data_of<T>(diff_logits),
                                        .rows = logits.rows(),
                                        .classes = logits.shape[1],
                                        .known = static_cast<std::int32_t>(sets.present.rows()),
                                        .smoothing = static_cast<double>(spec.label_smoothing),
                                        .other_labels = mixed.other_labels.i32(),
                                        .shares = mixed.shares.f32()};
        launch(context, binary_cross_entropy_kernel<T>, {.grid = dim3(1), .block = dim3(kLossThreads)},
               arguments, state);
    });
}

}  // namespace kickdrum::cuda
