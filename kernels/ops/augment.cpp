// SPDX-License-Identifier: MIT
#include "kernels/ops/augment.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void check_augment(const AugmentSpec& spec, const AugmentShape& shape) {
    require(shape.clip.rank() == 4 && shape.clip[0] == 1,
            "augment: a clip has the shape [1, height, width, channels]");
    const std::int64_t height = shape.clip[1];
    require(shape.batch >= 1, "augment: a batch needs a row");
    require(shape.width >= 1 && shape.width <= shape.clip[2], "augment: {} frames of a clip of {}",
            shape.width, shape.clip[2]);
    require(std::max({shape.clip.count(), shape.batch}) <= std::numeric_limits<std::int32_t>::max(),
            "augment: more elements than an int has");
    const auto masks = [](int count, int width, std::int64_t size, const char* what) {
        require(count >= 0 && count <= kMostMasks, "augment: {} {} masks; at most {}", count, what,
                kMostMasks);
        require(count == 0 || (width >= 0 && width <= size),
                "augment: {} masks of up to {}, but there are {}", what, width, size);
    };
    masks(spec.frequency_masks, spec.frequency_mask, height, "frequency");
    masks(spec.time_masks, spec.time_mask, shape.width, "time");
    for (const float deviation : {spec.gain, spec.equalizer, spec.noise})
        require(std::isfinite(deviation) && deviation >= 0, "augment: a deviation of {}", deviation);
    require(spec.equalizer_points >= 2 && spec.equalizer_points <= kMostEqualizerPoints,
            "augment: {} points of an equaliser; 2 to {}", spec.equalizer_points, kMostEqualizerPoints);
    require(std::isfinite(spec.mixup_alpha) && spec.mixup_alpha >= 0, "augment: mixup with alpha {}",
            spec.mixup_alpha);
    require(spec.mixup_share >= 0 && spec.mixup_share <= 1, "augment: mixup in a share of {}",
            spec.mixup_share);
}

std::vector<float> mixup_shares(double alpha, int count) {
    // y = 1 - share lies below 1/2, with the density y^(alpha - 1) (1 - y)^(alpha - 1). With s = y^alpha that
    // is (1 - s^(1 / alpha))^(alpha - 1), smooth and bounded: integrated by the midpoint rule.
    constexpr int kSteps = 1 << 16;
    const double top = std::pow(0.5, alpha);
    std::vector<double> cumulated(kSteps + 1);
    for (int i = 0; i < kSteps; ++i) {
        const double y = std::pow((i + 0.5) / kSteps * top, 1 / alpha);
        cumulated[static_cast<std::size_t>(i) + 1] =
            cumulated[static_cast<std::size_t>(i)] + std::pow(1 - y, alpha - 1);
    }
    std::vector<float> shares;
    for (int i = 0; i < count; ++i) {
        const double wanted = (count - i - 0.5) / count * cumulated.back();
        const auto above = std::upper_bound(cumulated.begin(), cumulated.end() - 1, wanted);
        const double before = *(above - 1);
        const double step =
            static_cast<double>(above - cumulated.begin() - 1) + (wanted - before) / (*above - before);
        shares.push_back(static_cast<float>(1 - std::pow(step / kSteps * top, 1 / alpha)));
    }
    return shares;
}

std::unique_ptr<Augment> make_augment(Context& context, const AugmentSpec& spec, const AugmentShape& shape,
                                      const BandStatistics& bands, std::uint64_t seed) {
    check_augment(spec, shape);
    const auto size = static_cast<std::size_t>(shape.clip[1] * shape.clip[3]);
    require(bands.mean.size() == bands.scale.size() && (bands.mean.empty() || bands.mean.size() == size),
            "augment: statistics of {} bands, but there are {}", bands.mean.size(), size);
    return KICKDRUM_DISPATCH(context, make_augment(context, spec, shape, bands, seed));
}

namespace {

void check_inputs(Context& context, const AugmentShape& shape, Tensor inputs) {
    require_tensor(context, "augment: inputs", inputs);
    require(inputs.shape.rank() == 4 && inputs.shape.with_rows(1) == shape.clip,
            "augment: the inputs have another shape than was planned for");
}

}  // namespace

void Augment::train(Context& context, const StepState* state, Tensor inputs, const Batch& batch) {
    require(state != nullptr, "augment: the state of the step is missing");
    check_inputs(context, shape_, inputs);
    require_tensor(context, "augment: indices", batch.indices, DType::i32);
    const std::int64_t rows = batch.indices.count();
    require(rows <= shape_.batch, "augment: {} rows, planned for {}", rows, shape_.batch);
    const Shape each = {rows};
    require_tensor(context, "augment: labels", batch.labels, each, DType::i32);
    require_tensor(context, "augment: weights", batch.weights, each);
    require_tensor(context, "augment: other_labels", batch.other_labels, each, DType::i32);
    require_tensor(context, "augment: shares", batch.shares, each);
    require_tensor(context, "augment: mixed_weights", batch.mixed_weights, each);
    require_tensor(context, "augment: dst", batch.dst, dst_shape(rows), activation_type(context, batch.dst));
    do_train(context, state, inputs, batch);
}

void Augment::evaluate(Context& context, Tensor inputs, Tensor indices, std::int64_t first_frame,
                       Tensor dst) {
    check_inputs(context, shape_, inputs);
    require_tensor(context, "augment: indices", indices, DType::i32);
    require_tensor(context, "augment: dst", dst, dst_shape(indices.count()), activation_type(context, dst));
    require(first_frame >= 0 && first_frame < shape_.clip[2], "augment: frame {} of {}", first_frame,
            shape_.clip[2]);
    do_evaluate(context, inputs, indices, first_frame, dst);
}

}  // namespace kickdrum
