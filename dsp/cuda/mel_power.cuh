// SPDX-License-Identifier: MIT
// MelPower: the first half of dsp/clip_batch.h on CUDA, from samples to the powers of the mel bands and each
// clip's loudest one. Two implementations of one contract.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dsp/clip_batch.h"
#include "dsp/clip_batch_tables.h"
#include "kernels/cuda/launch.cuh"

namespace kickdrum::cuda {

// The clips of one call, in device memory.
struct ClipsView {
    const float* samples;         // [clips, max_samples]
    const std::int32_t* lengths;  // [clips]
    std::int64_t max_samples;
    int clips;
    int max_frames;
    int hop_length;

    __device__ int length(int clip) const { return lengths[clip]; }
    // 0 where the length is out of range.
    __device__ int frames(int clip) const {
        const int samples_of_it = lengths[clip];
        return samples_of_it < 0 || samples_of_it > max_samples ? 0 : 1 + samples_of_it / hop_length;
    }
};

struct MelPowerResult {
    float* power;       // [clips, max_frames, n_mels]
    unsigned* loudest;  // [clips]: bits of the largest power, of NaN if there's any. Zero before the call.
};

class MelPower {
 public:
    MelPower() = default;
    virtual ~MelPower() = default;
    MelPower(const MelPower&) = delete;
    MelPower& operator=(const MelPower&) = delete;

    virtual std::size_t scratch_bytes() const = 0;
    virtual void enqueue(Context& context, const ClipsView& clips, const MelPowerResult& result,
                         Tensor scratch) = 0;
};

std::unique_ptr<MelPower> make_mel_power_chain(Context& context, const ClipBatchSpec& spec,
                                               const BandTable& bands);
// n_fft 1024 and 2048
std::unique_ptr<MelPower> make_mel_power_one_kernel(Context& context, const ClipBatchSpec& spec,
                                                    const BandTable& bands);

struct BandsView {
    const BandEntry* bands;
    const float* weights;
    int count;
};

// One frame's bands from the powers of its bins, by the threads 0 to `threads` - 1 (a multiple of 32).
// Returns the bits of the thread's largest: powers aren't negative, so that bits compare as numbers do, and
// NaN is above all of them.
__device__ inline unsigned write_bands(const BandsView& bands, const float* bins, int thread, int threads,
                                       float* power) {
    constexpr int kLanes = 32;  // of BandTable
    unsigned loudest = 0;
    for (int band = thread; band < bands.count; band += threads) {
        const BandEntry entry = bands.bands[band];
        const float* const weights = bands.weights + entry.start;
        float sum = 0;
        for (int i = 0; i < entry.count; ++i) sum += weights[i * kLanes] * bins[entry.first_bin + i];
        power[band] = sum;
        loudest = max(loudest, __float_as_uint(sum));
    }
    return loudest;
}

}  // namespace kickdrum::cuda
