// SPDX-License-Identifier: MIT
// Two kernels: what the rows draw, one thread each, kept in the device's memory; then the elements.
#include <cmath>

#include "kernels/cuda/elements.cuh"
#include "kernels/device/buffer.h"
#include "kernels/device/transfer.h"
#include "kernels/ops/augment.h"
#include "kernels/ops/augment_rules.h"

namespace kickdrum::cuda {
namespace {

constexpr unsigned kRowThreads = 64;

struct Rows {
    const std::int32_t* indices;
    const std::int32_t* labels;
    const float* weights;
    std::int32_t* other_labels;
    float* shares;
    float* mixed_weights;
    std::int32_t count;
};

__global__ void draw_rows(AugmentView view, Rows rows, const StepState* state, AugmentRow* drawn) {
    const auto i = static_cast<std::int32_t>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= rows.count) return;
    AugmentRow& row = drawn[i];
    draw_row(view, rows.indices[i], i, *state, row);
    const float own = rows.weights[i];
    const float other = rows.weights[row.partner];
    rows.other_labels[i] = rows.labels[row.partner];
    rows.shares[i] = row.share;
    rows.mixed_weights[i] = row.partner == i ? own : fmaf(row.share, own - other, other);
}

__device__ float value_of_row(const AugmentView& view, const AugmentRow& row, std::int32_t number,
                              std::uint64_t step, std::int32_t h, std::int32_t w, std::int32_t c) {
    if (is_band_masked(view, row, h) || is_frame_masked(view, row, w)) return view.spec.mask_value;
    return augmented_value(view, row, number, step, h, w, c, band_shift(view, row, h));
}

struct Place {
    std::int32_t row, h, w, c;
};

__device__ Place place_of(const AugmentView& view, std::int64_t element) {
    const std::int64_t line = std::int64_t{view.width} * view.channels;
    const auto in_line = static_cast<std::int32_t>(element % line);
    const std::int64_t lines = element / line;
    return {static_cast<std::int32_t>(lines / view.height), static_cast<std::int32_t>(lines % view.height),
            in_line / view.channels, in_line % view.channels};
}

// A clip that isn't there gives NaN.
template <class T>
__global__ void augment_kernel(AugmentView view, const StepState* state, const AugmentRow* rows, T* dst,
                               std::int64_t count) {
    for (std::int64_t i = thread_number(); i < count; i += thread_count()) {
        const Place place = place_of(view, i);
        const AugmentRow& row = rows[place.row];
        const AugmentRow& partner = rows[row.partner];
        float value = NAN;
        if (row.clip >= 0 && row.clip < view.clips && partner.clip >= 0 && partner.clip < view.clips) {
            value = value_of_row(view, row, place.row, state->step, place.h, place.w, place.c);
            if (row.partner != place.row) {
                const float other =
                    value_of_row(view, partner, row.partner, state->step, place.h, place.w, place.c);
                value = fmaf(row.share, value - other, other);
            }
        }
        dst[i] = from_float<T>(value);
    }
}

template <class T>
__global__ void plain_kernel(AugmentView view, const std::int32_t* indices, std::int32_t first_frame, T* dst,
                             std::int64_t count) {
    for (std::int64_t i = thread_number(); i < count; i += thread_count()) {
        const Place place = place_of(view, i);
        const std::int32_t clip = indices[place.row];
        const std::int32_t frame = (place.w + first_frame) % view.stored_width;
        const bool known = clip >= 0 && clip < view.clips;
        dst[i] = from_float<T>(known ? stored_value(view, clip, place.h, frame, place.c, 0) : NAN);
    }
}

class CudaAugment final : public Augment {
 public:
    CudaAugment(Context& context, const AugmentSpec& spec, const AugmentShape& shape,
                const BandStatistics& bands, std::uint64_t seed)
        : Augment(spec, shape),
          seed_(seed),
          rows_(context, static_cast<std::size_t>(shape.batch) * sizeof(AugmentRow)),
          mean_(on_device(context, bands.mean)),
          scale_(on_device(context, bands.scale)),
          shares_(on_device(context, mixes()
                                         ? mixup_shares(static_cast<double>(spec.mixup_alpha), kMixupShares)
                                         : std::vector<float>())) {}

 private:
    static Buffer on_device(Context& context, const std::vector<float>& values) {
        if (values.empty()) return {};
        Buffer buffer(context, values.size() * sizeof(float));
        upload(context, values.data(), buffer.tensor({std::ssize(values)}));
        return buffer;
    }

    AugmentView view(const Tensor& inputs) const {
        return {.spec = spec(),
                .stream = random_stream(seed_, "augment"),
                .noise_stream = random_stream(seed_, "augment/noise"),
                .clips = static_cast<std::int32_t>(inputs.rows()),
                .height = static_cast<std::int32_t>(shape().clip[1]),
                .stored_width = static_cast<std::int32_t>(shape().clip[2]),
                .width = static_cast<std::int32_t>(shape().width),
                .channels = static_cast<std::int32_t>(shape().clip[3]),
                .inputs = inputs.f32(),
                .mean = static_cast<const float*>(mean_.data()),
                .scale = static_cast<const float*>(scale_.data()),
                .shares = static_cast<const float*>(shares_.data())};
    }

    void do_train(Context& context, const StepState* state, Tensor inputs, const Batch& batch) override {
        const AugmentView plan = view(inputs);
        auto* const drawn = static_cast<AugmentRow*>(rows_.data());
        const auto count = static_cast<std::int32_t>(batch.indices.count());
        const Rows rows = {.indices = batch.indices.i32(),
                           .labels = batch.labels.i32(),
                           .weights = batch.weights.f32(),
                           .other_labels = batch.other_labels.i32(),
                           .shares = batch.shares.f32(),
                           .mixed_weights = batch.mixed_weights.f32(),
                           .count = count};
        const unsigned blocks = (static_cast<unsigned>(count) + kRowThreads - 1) / kRowThreads;
        launch(context, draw_rows, {.grid = dim3(blocks), .block = dim3(kRowThreads)}, plan, rows, state,
               drawn);
        with_activation_type(batch.dst.dtype, [&]<class T>(std::type_identity<T>) {
            launch(context, augment_kernel<T>, elements_shape(context, batch.dst.count()), plan, state,
                   static_cast<const AugmentRow*>(drawn), data_of<T>(batch.dst), batch.dst.count());
        });
    }

    void do_evaluate(Context& context, Tensor inputs, Tensor indices, std::int64_t first_frame,
                     Tensor dst) override {
        with_activation_type(dst.dtype, [&]<class T>(std::type_identity<T>) {
            launch(context, plain_kernel<T>, elements_shape(context, dst.count()), view(inputs),
                   static_cast<const std::int32_t*>(indices.i32()), static_cast<std::int32_t>(first_frame),
                   data_of<T>(dst), dst.count());
        });
    }

    std::uint64_t seed_;
    Buffer rows_;
    Buffer mean_, scale_, shares_;
};

}  // namespace

std::unique_ptr<Augment> make_augment(Context& context, const AugmentSpec& spec, const AugmentShape& shape,
                                      const BandStatistics& bands, std::uint64_t seed) {
    return std::make_unique<CudaAugment>(context, spec, shape, bands, seed);
}

}  // namespace kickdrum::cuda
