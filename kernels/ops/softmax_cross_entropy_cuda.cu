// SPDX-License-Identifier: MIT
// Rows are short (classes) and few (a batch): a warp for each row. In double precision, as on the CPU: the
// gradient of a nearly certain row is then exact to the last bit of a float.
#include "kernels/ops/softmax_cross_entropy.h"

#include <cmath>

#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/loss_rows.cuh"
#include "kernels/cuda/reduce.cuh"

namespace kickdrum::cuda {
namespace {

constexpr int kSoftmaxThreads = 128;

// p_k = exp(z_k - maximum - log_sum).
struct RowSoftmax {
    double maximum;
    double log_sum;

    __device__ double log_probability(float logit) const {
        return static_cast<double>(logit) - maximum - log_sum;
    }
};

// By all lanes of a warp, which all get it.
template <class T>
__device__ RowSoftmax row_softmax(const T* logits, std::int64_t classes) {
    float maximum = -INFINITY;
    for (std::int64_t k = lane_number(); k < classes; k += kWarpSize) {
        maximum = Max{}(maximum, to_float(logits[k]));
    }
    const auto top = static_cast<double>(warp_reduce(maximum, Max{}));
    double sum = 0;
    for (std::int64_t k = lane_number(); k < classes; k += kWarpSize) {
        sum += exp(static_cast<double>(to_float(logits[k])) - top);
    }
    return {top, log(warp_reduce(sum))};
}

// A row's most probable class: of equals the first.
struct Best {
    float probability;
    int index;

    __device__ void take(float other_probability, int other_index) {
        if (other_probability > probability || (other_probability == probability && other_index < index)) {
            probability = other_probability;
            index = other_index;
        }
    }
};

// Lane 0's result is that of the warp.
__device__ int best_of_warp(Best best) {
    for (int lanes = kWarpSize / 2; lanes > 0; lanes /= 2) {
        const float probability = shuffle_xor(best.probability, lanes);
        const int index = shuffle_xor(best.index, lanes);
        best.take(probability, index);
    }
    return best.index;
}

template <class T>
struct LossArguments {
    const T* logits;
    const std::int32_t* labels;
    const float* weights;
    float* probabilities;
    float* row_loss;
    T* diff_logits;  // null: no gradient. It may be logits' memory, as each lane reads what it writes
    std::int64_t rows;
    std::int64_t classes;
    double smoothed;  // 1 - smoothing
    double off_target;
    const std::int32_t* other_labels;  // null: no mixtures
    const float* shares;
};

// By a warp. `counts`: the row isn't padding.
template <class T>
__device__ RowLoss loss_of_row(const LossArguments<T>& a, std::int64_t row, bool counts, double scale) {
    const T* const z = a.logits + row * a.classes;
    const std::int32_t label = a.labels[row];
    const bool known = label >= 0 && label < a.classes;
    const double weight = known ? static_cast<double>(a.weights[row]) : static_cast<double>(NAN);
    const RowSoftmax softmax = row_softmax(z, a.classes);
    const std::int32_t other = a.shares != nullptr ? a.other_labels[row] : label;
    const bool is_mixed = other != label && other >= 0 && other < a.classes;
    const double share = is_mixed ? static_cast<double>(a.shares[row]) : 1;
    double loss = 0;
    Best best = {-1, 0x7fffffff};
    for (std::int64_t k = lane_number(); k < a.classes; k += kWarpSize) {
        const std::int64_t at = row * a.classes + k;
        double target = a.off_target;
        if (k == label) target = a.smoothed * share + a.off_target;
        if (is_mixed && k == other) target = a.smoothed * (1 - share) + a.off_target;
        const double log_probability = softmax.log_probability(to_float(z[k]));
        const double probability = exp(log_probability);
        if (target != 0) loss -= target * log_probability;  // 0 * log 0 is 0
        const auto rounded = static_cast<float>(probability);
        if (k < kWarpSize) {
            best = {rounded, static_cast<int>(k)};
        } else {
            best.take(rounded, static_cast<int>(k));
        }
        a.probabilities[at] = rounded;
        if (a.diff_logits != nullptr) {
            const double gradient = counts ? weight * (probability - target) * scale : 0;
            a.diff_logits[at] = from_float<T>(static_cast<float>(gradient));
        }
    }
    loss = warp_reduce(loss);
    const int index = best_of_warp(best);
    const float rounded_loss = counts ? static_cast<float>(weight * loss) : 0;
    if (lane_number() == 0) a.row_loss[row] = rounded_loss;
    return {static_cast<double>(rounded_loss), counts && index == label ? 1 : 0};
}

// One block. Each warp adds up its own rows, then one thread the warps, in order.
template <class T>
__global__ void softmax_cross_entropy_kernel(LossArguments<T> arguments, StepState* state) {
    add_loss_rows(arguments.rows, state, [&](std::int64_t row, bool counts, double scale) {
        return loss_of_row(arguments, row, counts, scale);
    });
}

// No __restrict__: in place allowed.
template <class T>
__global__ void softmax_kernel(const T* logits, float* probabilities, std::int64_t rows,
                               std::int64_t classes) {
    for (std::int64_t row = thread_number() / kWarpSize; row < rows; row += thread_count() / kWarpSize) {
        const T* const z = logits + row * classes;
        const RowSoftmax softmax = row_softmax(z, classes);
        for (std::int64_t k = lane_number(); k < classes; k += kWarpSize) {
            const double probability = exp(softmax.log_probability(to_float(z[k])));
            probabilities[row * classes + k] = static_cast<float>(probability);
        }
    }
}

}  // namespace

void softmax_cross_entropy(Context& context, const SoftmaxCrossEntropySpec& spec, Tensor logits,
                           Tensor labels, Tensor weights, StepState* state, Tensor probabilities,
                           Tensor row_loss, Tensor diff_logits, const MixedLabels& mixed) {
    const auto smoothing = static_cast<double>(spec.label_smoothing);
    const double off_target = smoothing / static_cast<double>(logits.shape[1]);
    with_activation_type(logits.dtype, [&]<class T>(std::type_identity<T>) {
        const LossArguments<T> arguments = {.logits = data_of<T>(logits),
                                            .labels = labels.i32(),
                                            .weights = weights.f32(),
                                            .probabilities = probabilities.f32(),
                                            .row_loss = row_loss.f32(),
                                            .diff_logits = data_of<T>(diff_logits),
                                            .rows = logits.rows(),
                                            .classes = logits.shape[1],
                                            .smoothed = 1 - smoothing,
                                            .off_target = off_target,
                                            .other_labels = mixed.other_labels.i32(),
                                            .shares = mixed.shares.f32()};
        launch(context, softmax_cross_entropy_kernel<T>, {.grid = dim3(1), .block = dim3(kLossThreads)},
               arguments, state);
    });
}

void softmax(Context& context, Tensor logits, Tensor probabilities) {
    constexpr std::int64_t kRowsPerBlock = kSoftmaxThreads / kWarpSize;
    const std::int64_t blocks =
        std::min<std::int64_t>((logits.rows() + kRowsPerBlock - 1) / kRowsPerBlock, 1 << 20);
    with_activation_type(logits.dtype, [&]<class T>(std::type_identity<T>) {
        launch(context, softmax_kernel<T>,
               {.grid = dim3(static_cast<unsigned>(blocks)), .block = dim3(kSoftmaxThreads)},
               data_of<T>(logits), probabilities.f32(), logits.rows(), logits.shape[1]);
    });
}

}  // namespace kickdrum::cuda
