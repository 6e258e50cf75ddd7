// SPDX-License-Identifier: MIT
// Several frames of one clip per block, kHalf / 8 threads each. A frame's samples are read once from memory
// (neighbouring frames overlap: the cache has them), its bands written once; everything between stays in
// registers and shared memory.
#include <cstdint>

#include "dsp/cuda/device_table.cuh"
#include "dsp/cuda/frame_fft.cuh"
#include "dsp/cuda/mel_power.cuh"
#include "dsp/window.h"
#include "kernels/cuda/reduce.cuh"

namespace kickdrum::cuda {

namespace {

constexpr int kThreads = 256;

struct FrameTables {
    const float2* window;  // [kHalf], halved
    const float2* twiddles;
    BandsView bands;
};

__device__ float sample_at(const float* samples, int place, int length) {
    return place < 0 || place >= length ? 0 : samples[place];
}

// Points thread, thread + kHalf / 8, ... of the windowed frame that begins at `begin`.
template <int kHalf>
__device__ void load_frame(const float* samples, int begin, int length, const float2* window, int thread,
                           float2 (&v)[kPointsPerThread]) {
    const bool inside = begin >= 0 && begin + 2 * kHalf <= length;
    const bool aligned = reinterpret_cast<std::uintptr_t>(samples + begin) % sizeof(float2) == 0;
#pragma unroll
    for (int r = 0; r < kPointsPerThread; ++r) {
        const int j = thread + r * (kHalf / kPointsPerThread);
        const int place = begin + 2 * j;
        const float2 pair = inside && aligned ? *reinterpret_cast<const float2*>(samples + place)
                                              : make_float2(sample_at(samples, place, length),
                                                            sample_at(samples, place + 1, length));
        const float2 weight = __ldg(window + j);
        v[r] = make_float2(pair.x * weight.x, pair.y * weight.y);
    }
}

template <int kHalf>
constexpr int kFramesPerBlock = kThreads / (kHalf / kPointsPerThread);

template <int kHalf>
__global__ void __launch_bounds__(kThreads)
    mel_power_kernel(ClipsView clips, FrameTables tables, MelPowerResult result) {
    constexpr int kGroup = kHalf / kPointsPerThread;
    constexpr int kFrames = kFramesPerBlock<kHalf>;
    constexpr int kBins = kHalf + 1;
    KICKDRUM_SHARED(float2, points, kFrames * padded(kHalf));
    KICKDRUM_SHARED(float, bins, kFrames* kBins);
    const int clip = static_cast<int>(blockIdx.y);
    const int frames = clips.frames(clip);
    const int first_frame = static_cast<int>(blockIdx.x) * kFrames;
    if (first_frame >= frames) return;  // the whole block
    const int group = static_cast<int>(threadIdx.x) / kGroup;
    const int thread = static_cast<int>(threadIdx.x) % kGroup;
    // A block at the clip's end transforms its last frame more than once: barriers are for all.
    const int frame = min(first_frame + group, frames - 1);

    float2 v[kPointsPerThread];
    float2* const own_points = points + group * padded(kHalf);
    float* const own_bins = bins + group * kBins;
    load_frame<kHalf>(clips.samples + clip * clips.max_samples, frame * clips.hop_length - kHalf,
                      clips.length(clip), tables.window, thread, v);
    frame_fft<kHalf>(v, tables.twiddles, own_points, thread);
    split_power<kHalf>(tables.twiddles, own_points, thread, own_bins);
    __syncthreads();
    unsigned loudest = 0;
    if (first_frame + group < frames) {
        const std::int64_t row = std::int64_t{clip} * clips.max_frames + frame;
        loudest =
            write_bands(tables.bands, own_bins, thread, kGroup, result.power + row * tables.bands.count);
    }
    loudest = block_reduce<kThreads>(loudest, 0U, Max{});
    if (threadIdx.x == 0) atomicMax(result.loudest + clip, loudest);
}

std::vector<Complex32> halved_window(int n_fft) {
    const std::vector<double> window = hann_window(n_fft);
    std::vector<Complex32> pairs;
    for (std::size_t i = 0; i + 1 < window.size(); i += 2) {
        pairs.push_back({static_cast<float>(window[i] / 2), static_cast<float>(window[i + 1] / 2)});
    }
    return pairs;
}

const float2* as_float2(const DeviceTable<Complex32>& table) {
    static_assert(sizeof(float2) == sizeof(Complex32));
    return reinterpret_cast<const float2*>(table.data());
}

class OneKernel : public MelPower {
 public:
    OneKernel(Context& context, const ClipBatchSpec& spec, const BandTable& bands)
        : n_fft_(spec.features.log_mel.n_fft),
          window_(context, halved_window(n_fft_)),
          twiddles_(context, stockham_twiddles(n_fft_ / 2, frame_fft_radices(n_fft_ / 2))),
          bands_(context, bands.bands),
          weights_(context, bands.weights),
          count_(static_cast<int>(bands.bands.size())) {}

    std::size_t scratch_bytes() const override { return 0; }

    void enqueue(Context& context, const ClipsView& clips, const MelPowerResult& result, Tensor) override {
        n_fft_ == 1024 ? enqueue_half<512>(context, clips, result)
                       : enqueue_half<1024>(context, clips, result);
    }

 private:
    template <int kHalf>
    void enqueue_half(Context& context, const ClipsView& clips, const MelPowerResult& result) const {
        const FrameTables tables{
            as_float2(window_), as_float2(twiddles_), {bands_.data(), weights_.data(), count_}};
        const int blocks = (clips.max_frames + kFramesPerBlock<kHalf> - 1) / kFramesPerBlock<kHalf>;
        const dim3 grid(static_cast<unsigned>(blocks), static_cast<unsigned>(clips.clips));
        launch(context, mel_power_kernel<kHalf>, {.grid = grid, .block = dim3(kThreads)}, clips, tables,
               result);
    }

    int n_fft_;
    DeviceTable<Complex32> window_;
    DeviceTable<Complex32> twiddles_;
    DeviceTable<BandEntry> bands_;
    DeviceTable<float> weights_;
    int count_;
};

}  // namespace

std::unique_ptr<MelPower> make_mel_power_one_kernel(Context& context, const ClipBatchSpec& spec,
                                                    const BandTable& bands) {
    return std::make_unique<OneKernel>(context, spec, bands);
}

}  // namespace kickdrum::cuda
