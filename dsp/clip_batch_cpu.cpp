// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "dsp/clip_batch_backend.h"
#include "kernels/device/error.h"

namespace kickdrum::cpu {

namespace {

class CpuClipBatch : public ClipBatch {
 public:
    CpuClipBatch(Context& context, const ClipBatchSpec& spec)
        : ClipBatch(spec),
          plan_(spec.features, context.simd()),
          spectrogram_(static_cast<std::size_t>(power_shape().row_count())),
          threads_(static_cast<std::size_t>(context.threads())) {}

    // One spectrogram per thread.
    std::size_t scratch_bytes() const override { return threads_.size() * spectrogram_ * sizeof(float); }

 protected:
    void do_execute(Context& context, Tensor samples, Tensor lengths, Tensor images,
                    Tensor scratch) override {
        const auto top_db = static_cast<float>(spec().features.log_mel.top_db);
        const auto pixels = static_cast<std::size_t>(images.shape.row_count());
        const auto task = [&](std::int64_t clip, int thread) {
            const auto source = clip_samples(samples, lengths, clip);
            const auto db = spectrogram(source, scratch, thread);
            plan_.log_mel().execute(source, threads_[static_cast<std::size_t>(thread)], db);
            plan_.picture().smooth(db, top_db,
                                   {images.f32() + static_cast<std::size_t>(clip) * pixels, pixels});
        };
        context.pool().parallel_for(samples.rows(), task);
    }

    void do_mel_power(Context& context, Tensor samples, Tensor lengths, Tensor power,
                      Tensor scratch) override {
        const auto bands = static_cast<std::size_t>(spec().features.log_mel.n_mels);
        const auto task = [&](std::int64_t clip, int thread) {
            const auto source = clip_samples(samples, lengths, clip);
            const auto rows = spectrogram(source, scratch, thread);
            plan_.log_mel().mel_power(source, threads_[static_cast<std::size_t>(thread)], rows);
            const std::size_t frames = rows.size() / bands;
            float* const target = power.f32() + static_cast<std::size_t>(clip) * spectrogram_;
            for (std::size_t frame = 0; frame < frames; ++frame) {
                for (std::size_t band = 0; band < bands; ++band)
                    target[frame * bands + band] = rows[band * frames + frame];
            }
        };
        context.pool().parallel_for(samples.rows(), task);
    }

 private:
    std::span<const float> clip_samples(Tensor samples, Tensor lengths, std::int64_t clip) const {
        const std::int32_t length = lengths.i32()[clip];
        require(length >= 0 && length <= spec().max_samples,
                "clip_batch: clip {} of this call has {} samples; the plan takes 0 to {}", clip, length,
                spec().max_samples);
        const std::span<const float> source(samples.f32() + clip * spec().max_samples,
                                            static_cast<std::size_t>(length));
        bool finite = true;
        for (const float x : source) finite &= std::isfinite(x);  // no early end: vectors
        require(finite, "clip_batch: some samples of clip {} of this call are not finite numbers", clip);
        return source;
    }

    std::span<float> spectrogram(std::span<const float> samples, Tensor scratch, int thread) const {
        const std::int64_t frames = plan_.log_mel().frames(static_cast<std::int64_t>(samples.size()));
        return {static_cast<float*>(scratch.data) + static_cast<std::size_t>(thread) * spectrogram_,
                static_cast<std::size_t>(frames * spec().features.log_mel.n_mels)};
    }

    ClipFeaturePlan plan_;
    std::size_t spectrogram_;  // floats of the longest
    std::vector<LogMelPlan::Scratch> threads_;
};

}  // namespace

std::unique_ptr<ClipBatch> make_clip_batch(Context& context, const ClipBatchSpec& spec) {
    return std::make_unique<CpuClipBatch>(context, spec);
}

}  // namespace kickdrum::cpu
