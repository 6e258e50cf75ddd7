// SPDX-License-Identifier: MIT
// ClipPictures: the pictures of clips of whatever length, computed on a context's device (dsp/clip_batch.h).
// It cuts them into calls that fit the device's memory, sends the samples and fetches the pictures. What a
// clip gives depends neither on the others nor on how they are cut.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/clip_batch.h"
#include "kernels/device/buffer.h"
#include "kernels/device/transfer.h"

namespace kickdrum {

class ClipPictures {
 public:
    // A call's clips share its memory: kMostClips of them, or fewer where they are long.
    static constexpr std::int64_t kMostClips = 64;
    static constexpr std::int64_t kMostSamples = std::int64_t{1} << 26;

    // Throws InvalidArgument for settings that ClipBatch doesn't take. Memory is taken by the first call.
    ClipPictures(Context& context, const ClipFeatureSettings& features);

    // Mono samples at features.log_mel.sample_rate; images[i]: [height, width] of clips[i]. Of a clip with
    // samples that aren't finite the image is NaN. Returns when the images are there. Throws
    // OutOfDeviceMemory where not even one clip of the longest one's length fits.
    void compute(std::span<const std::vector<float>> clips, std::span<const std::span<float>> images);

 private:
    // A plan with its memory.
    struct Batch {
        Batch(Context& context, const ClipBatchSpec& spec);

        std::unique_ptr<ClipBatch> plan;
        Buffer memory, scratch;
        HostBuffer host;  // as memory: samples, lengths, images
        Tensor samples, lengths, images;
    };
    void make_room(std::int64_t longest);
    void compute_together(std::span<const std::vector<float>> clips,
                          std::span<const std::span<float>> images);

    Context& context_;
    ClipFeatureSettings features_;
    std::unique_ptr<Batch> batch_;
};

}  // namespace kickdrum
