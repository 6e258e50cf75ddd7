// SPDX-License-Identifier: MIT
// Augment: a batch of clips as the network gets them while it trains. In one pass: gather, standardise, roll
// or crop, gain, equaliser, noise, masks, mixup.
//
//   A(i)[h, w, c] = mask_value where a mask of row i covers h or w; else
//     (inputs[clip_i, h, (w + offset_i) mod W0, c] - mean[h, c]) * scale[h, c]
//       + (c = 0: gain * z_i + the equaliser's curve at h) + noise * z_i[h, w, c]
//   dst[i] = share_i A(i) + (1 - share_i) A(partner_i)
//   mixed_weights[i] = share_i weights[i] + (1 - share_i) weights[partner_i];  other_labels[i] = labels[partner_i]
//
// Time roll and SpecAugment's masks (Park et al., 2019: "SpecAugment", without time warping); mixup (Zhang et
// al., 2018), with share = max(l, 1 - l), l of the distribution Beta(alpha, alpha), so that the label stays the
// main one. The partner is the row a number of places further on, the same number for all rows of a batch.
//
// All draws are functions of (seed, state->step, row, element): philox on the streams "augment" and
// "augment/noise". Normal ones are sums of four uniform numbers (standard deviation 1, at most 3.46), and all
// arithmetic is of single operations or fused multiply-adds, so that every device gets the same bits.
//
// Rows from state->rows on are padding: they get no partner, and nobody gets them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/device/context.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

constexpr int kMostMasks = 8;  // of each kind
constexpr int kMostEqualizerPoints = 32;

struct AugmentSpec {
    bool roll = false;  // a circular shift in time, any number of frames; else a crop begins anywhere
    float gain = 0;  // standard deviation of what is added to the clip, in units of the (standardised) input
    int equalizer_points = 6;  // 2 to kMostEqualizerPoints, linear between them
    float equalizer = 0;       // standard deviation of each point
    float noise = 0;           // standard deviation
    int frequency_masks = 0;   // up to kMostMasks
    int frequency_mask = 0;    // largest width, uniform from 0; up to the height
    int time_masks = 0;
    int time_mask = 0;  // up to the width
    float mask_value = 0;
    float mixup_alpha = 0;  // 0: none
    float mixup_share = 1;  // of the batches

    bool operator==(const AugmentSpec&) const = default;
};

struct AugmentShape {
    Shape clip;              // [1, height, width, channels] of the stored inputs
    std::int64_t width = 0;  // of dst
    std::int64_t batch = 0;  // the most rows
};

// Of the bands [height, channels]; both empty: the inputs as they are.
struct BandStatistics {
    std::vector<float> mean;
    std::vector<float> scale;  // 1 / deviation

    bool operator==(const BandStatistics&) const = default;
};

// Throws InvalidArgument for what doesn't fit together.
void check_augment(const AugmentSpec& spec, const AugmentShape& shape);

// Quantiles of max(l, 1 - l), l of Beta(alpha, alpha): at (i + 1/2) / count.
std::vector<float> mixup_shares(double alpha, int count);

class Augment {
 public:
    Augment(const AugmentSpec& spec, const AugmentShape& shape) : spec_(spec), shape_(shape) {}
    virtual ~Augment() = default;
    Augment(const Augment&) = delete;
    Augment& operator=(const Augment&) = delete;

    const AugmentSpec& spec() const { return spec_; }
    const AugmentShape& shape() const { return shape_; }
    Shape dst_shape(std::int64_t rows) const { return {rows, shape_.clip[1], shape_.width, shape_.clip[3]}; }
    bool mixes() const { return spec_.mixup_alpha > 0; }

    // Beside dst, all are [rows]: indices, labels, other_labels i32, weights, shares, mixed_weights f32. Without
    // mixup the last three are written nevertheless. dst is f32, or, on CUDA, bf16.
    struct Batch {
        Tensor indices, labels, weights;
        Tensor dst, other_labels, shares, mixed_weights;
    };
    void train(Context& context, const StepState* state, Tensor inputs, const Batch& batch);

    // Without chance: standardised; of the stored frames, rolled by `first_frame`, the first `width`.
    void evaluate(Context& context, Tensor inputs, Tensor indices, std::int64_t first_frame, Tensor dst);

 protected:
    virtual void do_train(Context& context, const StepState* state, Tensor inputs, const Batch& batch) = 0;
    virtual void do_evaluate(Context& context, Tensor inputs, Tensor indices, std::int64_t first_frame,
                             Tensor dst) = 0;

 private:
    AugmentSpec spec_;
    AugmentShape shape_;
};

// Owns its tables and, on CUDA, what the rows drew.
std::unique_ptr<Augment> make_augment(Context& context, const AugmentSpec& spec, const AugmentShape& shape,
                                      const BandStatistics& bands, std::uint64_t seed);

namespace cpu {
std::unique_ptr<Augment> make_augment(Context& context, const AugmentSpec& spec, const AugmentShape& shape,
                                      const BandStatistics& bands, std::uint64_t seed);
}
namespace cuda {
std::unique_ptr<Augment> make_augment(Context& context, const AugmentSpec& spec, const AugmentShape& shape,
                                      const BandStatistics& bands, std::uint64_t seed);
}

}  // namespace kickdrum
