// SPDX-License-Identifier: MIT
#include "dsp/clip_batch.h"

#include <limits>

#include "dsp/clip_batch_backend.h"
#include "kernels/device/dispatch.h"
#include "kernels/device/error.h"

namespace kickdrum {

namespace {

constexpr std::int64_t kMostClips = 65535;  // of a grid's second side

void check(const ClipBatchSpec& spec) {
    require(spec.clips >= 1 && spec.clips <= kMostClips,
            "clip_batch: the clips of a call must be 1 to {}, got {}", kMostClips, spec.clips);
    const std::int64_t most = std::numeric_limits<std::int32_t>::max() - spec.features.log_mel.n_fft;
    require(spec.max_samples >= 0 && spec.max_samples <= most,
            "clip_batch: clips can have 0 to {} samples, got {}", most, spec.max_samples);
    require(spec.features.image == ClipImage::smooth,
            "clip_batch: only 'image: float' is computed for many clips at once");
    require(is_plain(spec.features),
            "clip_batch: only log-mel pictures of one channel are computed for many "
            "clips at once");
    require(spec.transform != ClipTransform::one_kernel || has_one_kernel(spec.features.log_mel.n_fft),
            "clip_batch: the one-kernel transform exists for n_fft 1024 and 2048, got {}; use the chain",
            spec.features.log_mel.n_fft);
}

}  // namespace

bool has_one_kernel(int n_fft) {
    return n_fft == 1024 || n_fft == 2048;
}

void ClipBatch::check_arguments(Tensor samples, Tensor lengths, Tensor scratch) const {
    const std::int64_t clips = samples.shape.rank() == 0 ? 0 : samples.rows();
    require(clips >= 1 && clips <= spec_.clips, "clip_batch: {} clips don't fit a plan for {}", clips,
            spec_.clips);
    require_shape("clip_batch: samples", samples, samples_shape().with_rows(clips));
    require_shape("clip_batch: lengths", lengths, {clips}, DType::i32);
    require(scratch.bytes() >= scratch_bytes(), "clip_batch: scratch has {} bytes, {} are needed",
            scratch.bytes(), scratch_bytes());
}

void ClipBatch::execute(Context& context, Tensor samples, Tensor lengths, Tensor images, Tensor scratch) {
    check_arguments(samples, lengths, scratch);
    require_shape("clip_batch: images", images, images_shape().with_rows(samples.rows()));
    do_execute(context, samples, lengths, images, scratch);
}

void ClipBatch::mel_power(Context& context, Tensor samples, Tensor lengths, Tensor power, Tensor scratch) {
    check_arguments(samples, lengths, scratch);
    require_shape("clip_batch: power", power, power_shape().with_rows(samples.rows()));
    do_mel_power(context, samples, lengths, power, scratch);
}

std::unique_ptr<ClipBatch> make_clip_batch(Context& context, const ClipBatchSpec& spec) {
    check(spec);
    return KICKDRUM_DISPATCH(context, make_clip_batch(context, spec));
}

}  // namespace kickdrum
