// SPDX-License-Identifier: MIT
// ClipBatch: the pictures of many clips at once, on the device of a context. What ClipFeaturePlan
// (dsp/clip_features.h) computes of one clip with `image: float`: frames and window, real FFT, power, mel
// bands (dsp/log_mel.h), decibels below the clip's own maximum, no less than -top_db, and the picture of
// dsp/mel_picture.h.
//
//   samples  f32 [clips, max_samples], mono; of clip i only the first lengths[i] are looked at
//   lengths  i32 [clips], 0 to max_samples
//   images   f32 [clips, height, width], 0 (the loudest point) to 1
//   scratch  scratch_bytes() bytes, aligned to 256, whose contents don't matter
//
// Every call may hand in fewer clips than were planned. The result of a clip depends neither on its
// neighbours nor on its place, and has the same bits each time.
//
// A length out of range, or a sample that isn't finite: InvalidArgument on the CPU, NaN in the whole image of
// that clip on CUDA. There the lengths are read by the kernels only: nothing waits for the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dsp/clip_features.h"
#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

// How the powers of the mel bands come about on CUDA; the CPU has one way.
enum class ClipTransform : std::uint8_t {
    automatic,   // one_kernel where it exists
    chain,       // kernels for frames and bands, with the library's FFT between them: any n_fft
    one_kernel,  // all in one kernel, without a trip to memory: n_fft 1024 and 2048
};

struct ClipBatchSpec {
    ClipFeatureSettings features;  // image must be ClipImage::smooth
    std::int64_t clips = 0;        // the most of one call, 1 to 65535
    std::int64_t max_samples = 0;  // 0 to 2^31 - 1 - n_fft
    ClipTransform transform = ClipTransform::automatic;

    std::int64_t max_frames() const { return 1 + max_samples / features.log_mel.hop_length; }
};

// Whether ClipTransform::one_kernel exists for this length.
bool has_one_kernel(int n_fft);

// Owns its tables: those of the columns take 20 bytes times width and max_frames() on CUDA. A plan is used by
// one call at a time.
class ClipBatch {
 public:
    explicit ClipBatch(const ClipBatchSpec& spec) : spec_(spec) {}
    virtual ~ClipBatch() = default;
    ClipBatch(const ClipBatch&) = delete;
    ClipBatch& operator=(const ClipBatch&) = delete;

    const ClipBatchSpec& spec() const { return spec_; }
    Shape samples_shape() const { return {spec_.clips, spec_.max_samples}; }
    Shape lengths_shape() const { return {spec_.clips}; }
    Shape images_shape() const { return {spec_.clips, spec_.features.height, spec_.features.width}; }
    Shape power_shape() const { return {spec_.clips, spec_.max_frames(), spec_.features.log_mel.n_mels}; }
    virtual std::size_t scratch_bytes() const = 0;

    // Throws InvalidArgument for tensors that don't fit the shapes above, but for the number of clips.
    void execute(Context& context, Tensor samples, Tensor lengths, Tensor images, Tensor scratch);
    // Only the powers of the bands, before the decibels; power: f32, power_shape(). Of a clip that is shorter
    // than max_samples, the frames from 1 + length / hop_length on aren't written.
    void mel_power(Context& context, Tensor samples, Tensor lengths, Tensor power, Tensor scratch);

 protected:
    virtual void do_execute(Context& context, Tensor samples, Tensor lengths, Tensor images,
                            Tensor scratch) = 0;
    virtual void do_mel_power(Context& context, Tensor samples, Tensor lengths, Tensor power,
                              Tensor scratch) = 0;

 private:
    void check_arguments(Tensor samples, Tensor lengths, Tensor scratch) const;

    ClipBatchSpec spec_;
};

// Throws InvalidArgument where the settings make no sense (see ClipFeaturePlan), or can't be had: another
// image than ClipImage::smooth, one_kernel for another n_fft, more than 12287 bands on CUDA.
std::unique_ptr<ClipBatch> make_clip_batch(Context& context, const ClipBatchSpec& spec);

}  // namespace kickdrum
