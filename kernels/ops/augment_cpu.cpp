// SPDX-License-Identifier: MIT
#include <utility>

#include "kernels/ops/augment.h"
#include "kernels/ops/augment_rules.h"

namespace kickdrum::cpu {
namespace {

class CpuAugment final : public Augment {
 public:
    CpuAugment(const AugmentSpec& spec, const AugmentShape& shape, BandStatistics bands, std::uint64_t seed)
        : Augment(spec, shape),
          bands_(std::move(bands)),
          shares_(mixes() ? mixup_shares(static_cast<double>(spec.mixup_alpha), kMixupShares)
                          : std::vector<float>()),
          seed_(seed),
          rows_(static_cast<std::size_t>(shape.batch)) {}

 private:
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
                .mean = bands_.mean.empty() ? nullptr : bands_.mean.data(),
                .scale = bands_.scale.data(),
                .shares = shares_.empty() ? nullptr : shares_.data()};
    }

    void do_train(Context& context, const StepState* state, Tensor inputs, const Batch& batch) override {
        const AugmentView plan = view(inputs);
        const std::int64_t rows = batch.indices.count();
        for (std::int64_t i = 0; i < rows; ++i) {
            const std::int32_t clip = batch.indices.i32()[i];
            require(clip >= 0 && clip < plan.clips, "augment: indices[{}] is {}, but there are {} clips", i,
                    clip, plan.clips);
            draw_row(plan, clip, static_cast<std::int32_t>(i), *state, rows_[static_cast<std::size_t>(i)]);
        }
        for (std::int64_t i = 0; i < rows; ++i) {
            const AugmentRow& row = rows_[static_cast<std::size_t>(i)];
            const float* weights = batch.weights.f32();
            batch.other_labels.i32()[i] = batch.labels.i32()[row.partner];
            batch.shares.f32()[i] = row.share;
            batch.mixed_weights.f32()[i] =
                row.partner == i ? weights[i]
                                 : fmaf(row.share, weights[i] - weights[row.partner], weights[row.partner]);
        }
        context.pool().parallel_for(rows * plan.height, [&](std::int64_t line, int) {
            const auto i = static_cast<std::int32_t>(line / plan.height);
            const auto h = static_cast<std::int32_t>(line % plan.height);
            float* dst = batch.dst.f32() + line * plan.width * plan.channels;
            const AugmentRow& row = rows_[static_cast<std::size_t>(i)];
            write_line(plan, row, i, state->step, h, dst);
            if (row.partner != i) mix_line(plan, row, state->step, h, dst);
        });
    }

    static void write_line(const AugmentView& plan, const AugmentRow& row, std::int32_t number,
                           std::uint64_t step, std::int32_t h, float* dst) {
        const float shift = band_shift(plan, row, h);
        const bool masked = is_band_masked(plan, row, h);
        for (std::int32_t w = 0; w < plan.width; ++w) {
            const bool hidden = masked || is_frame_masked(plan, row, w);
            for (std::int32_t c = 0; c < plan.channels; ++c)
                *dst++ =
                    hidden ? plan.spec.mask_value : augmented_value(plan, row, number, step, h, w, c, shift);
        }
    }

    void mix_line(const AugmentView& plan, const AugmentRow& row, std::uint64_t step, std::int32_t h,
                  float* dst) const {
        const AugmentRow& partner = rows_[static_cast<std::size_t>(row.partner)];
        const float shift = band_shift(plan, partner, h);
        const bool masked = is_band_masked(plan, partner, h);
        for (std::int32_t w = 0; w < plan.width; ++w) {
            const bool hidden = masked || is_frame_masked(plan, partner, w);
            for (std::int32_t c = 0; c < plan.channels; ++c, ++dst) {
                const float other = hidden
                                        ? plan.spec.mask_value
                                        : augmented_value(plan, partner, row.partner, step, h, w, c, shift);
                *dst = fmaf(row.share, *dst - other, other);
            }
        }
    }

    void do_evaluate(Context& context, Tensor inputs, Tensor indices, std::int64_t first_frame,
                     Tensor dst) override {
        const AugmentView plan = view(inputs);
        for (std::int64_t i = 0; i < indices.count(); ++i) {
            require(indices.i32()[i] >= 0 && indices.i32()[i] < plan.clips,
                    "augment: indices[{}] is {}, but there are {} clips", i, indices.i32()[i], plan.clips);
        }
        context.pool().parallel_for(indices.count() * plan.height, [&](std::int64_t line, int) {
            const std::int32_t clip = indices.i32()[line / plan.height];
            const auto h = static_cast<std::int32_t>(line % plan.height);
            float* to = dst.f32() + line * plan.width * plan.channels;
            for (std::int32_t w = 0; w < plan.width; ++w) {
                const auto frame = static_cast<std::int32_t>((w + first_frame) % plan.stored_width);
                for (std::int32_t c = 0; c < plan.channels; ++c)
                    *to++ = stored_value(plan, clip, h, frame, c, 0);
            }
        });
    }

    BandStatistics bands_;
    std::vector<float> shares_;
    std::uint64_t seed_;
    std::vector<AugmentRow> rows_;
};

}  // namespace

std::unique_ptr<Augment> make_augment(Context&, const AugmentSpec& spec, const AugmentShape& shape,
                                      const BandStatistics& bands, std::uint64_t seed) {
    return std::make_unique<CpuAugment>(spec, shape, bands, seed);
}

}  // namespace kickdrum::cpu
