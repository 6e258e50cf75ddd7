// SPDX-License-Identifier: MIT
// Windowed frames to memory, the library's real FFT, then bands from the spectra: any n_fft, at the price of
// writing and reading n_fft floats per frame twice.
#include <cstdint>

#include "dsp/cuda/device_table.cuh"
#include "dsp/cuda/mel_power.cuh"
#include "dsp/window.h"
#include "kernels/cuda/fft_engine.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/device/arena.h"

namespace kickdrum::cuda {

namespace {

constexpr int kFrameThreads = 256;
constexpr int kBandThreads = 128;

// frames: [clips, max_frames, n_fft]; zeros where a clip has no frame.
__global__ void __launch_bounds__(kFrameThreads)
    frames_kernel(ClipsView clips, const float* window, int n_fft, float* frames) {
    const int clip = static_cast<int>(blockIdx.y);
    const int frame = static_cast<int>(blockIdx.x);
    const bool exists = frame < clips.frames(clip);
    const int length = exists ? clips.length(clip) : 0;
    const int begin = exists ? frame * clips.hop_length - n_fft / 2 : 0;
    const float* const samples = clips.samples + clip * clips.max_samples;
    float* const target = frames + (std::int64_t{clip} * clips.max_frames + frame) * n_fft;
    for (int i = static_cast<int>(threadIdx.x); i < n_fft; i += kFrameThreads) {
        const int place = begin + i;
        target[i] = place < 0 || place >= length ? 0 : samples[place] * window[i];
    }
}

// spectra: [clips, max_frames, bins]. One frame per block, whose powers are in dynamic shared memory.
__global__ void __launch_bounds__(kBandThreads)
    bands_kernel(ClipsView clips, const float2* spectra, int bins, BandsView bands, MelPowerResult result) {
    KICKDRUM_DYNAMIC_SHARED(float, power);
    const int clip = static_cast<int>(blockIdx.y);
    const int frame = static_cast<int>(blockIdx.x);
    const int thread = static_cast<int>(threadIdx.x);
    if (frame >= clips.frames(clip)) return;  // the whole block
    const std::int64_t row = std::int64_t{clip} * clips.max_frames + frame;
    const float2* const spectrum = spectra + row * bins;
    for (int k = thread; k < bins; k += kBandThreads) {
        const float2 x = spectrum[k];
        power[k] = x.x * x.x + x.y * x.y;
    }
    __syncthreads();
    unsigned loudest = write_bands(bands, power, thread, kBandThreads, result.power + row * bands.count);
    loudest = block_reduce<kBandThreads>(loudest, 0U, Max{});
    if (thread == 0) atomicMax(result.loudest + clip, loudest);
}

std::vector<float> window_of(int n_fft) {
    std::vector<float> window;
    for (const double weight : hann_window(n_fft)) window.push_back(static_cast<float>(weight));
    return window;
}

class Chain : public MelPower {
 public:
    Chain(Context& context, const ClipBatchSpec& spec, const BandTable& bands)
        : n_fft_(spec.features.log_mel.n_fft),
          fft_(make_fft_engine(context, n_fft_, spec.clips * spec.max_frames())),
          window_(context, window_of(n_fft_)),
          bands_(context, bands.bands),
          weights_(context, bands.weights),
          count_(static_cast<int>(bands.bands.size())) {}

    std::size_t scratch_bytes() const override { return fft_offset() + fft_->scratch_bytes(); }

    void enqueue(Context& context, const ClipsView& clips, const MelPowerResult& result,
                 Tensor scratch) override {
        const dim3 grid(static_cast<unsigned>(clips.max_frames), static_cast<unsigned>(clips.clips));
        const Tensor frames = part(scratch, 0, fft_->frames_shape());
        const Tensor spectra = part(scratch, bytes_of(fft_->frames_shape()), fft_->spectrum_shape());
        launch(context, frames_kernel, {.grid = grid, .block = dim3(kFrameThreads)}, clips, window_.data(),
               n_fft_, frames.f32());
        const Shape rest{static_cast<std::int64_t>((scratch.bytes() - fft_offset()) / sizeof(float))};
        fft_->execute(context, frames, spectra, part(scratch, fft_offset(), rest));
        const int bins = n_fft_ / 2 + 1;
        launch(context, bands_kernel,
               {.grid = grid,
                .block = dim3(kBandThreads),
                .dynamic_shared_bytes = static_cast<std::size_t>(bins) * sizeof(float)},
               clips, static_cast<const float2*>(spectra.data), bins,
               BandsView{bands_.data(), weights_.data(), count_}, result);
    }

 private:
    static std::size_t bytes_of(const Shape& shape) {
        const std::size_t bytes = static_cast<std::size_t>(shape.count()) * sizeof(float);
        return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
    }
    std::size_t fft_offset() const {
        return bytes_of(fft_->frames_shape()) + bytes_of(fft_->spectrum_shape());
    }
    static Tensor part(Tensor scratch, std::size_t offset, const Shape& shape) {
        return {static_cast<std::byte*>(scratch.data) + offset, shape, DType::f32, scratch.device};
    }

    int n_fft_;
    std::unique_ptr<FftEngine> fft_;
    DeviceTable<float> window_;
    DeviceTable<BandEntry> bands_;
    DeviceTable<float> weights_;
    int count_;
};

}  // namespace

std::unique_ptr<MelPower> make_mel_power_chain(Context& context, const ClipBatchSpec& spec,
                                               const BandTable& bands) {
    return std::make_unique<Chain>(context, spec, bands);
}

}  // namespace kickdrum::cuda
