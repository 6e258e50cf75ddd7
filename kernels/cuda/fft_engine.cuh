// SPDX-License-Identifier: MIT
// FftEngine: discrete Fourier transforms of `batch` real signals of n_fft samples, planned once:
//   spectrum[b, f] = sum_t frames[b, t] exp(-2 pi i f t / n_fft),   f = 0 .. n_fft / 2 (integer division)
// frames: f32 [batch, n_fft]. spectrum: f32 [batch, n_fft / 2 + 1, 2], real and imaginary part. Not
// normalised. With CUDA it is a plan of cuFFT that works in the caller's scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum::cuda {

class FftEngine {
 public:
    FftEngine(int n_fft, std::int64_t batch);
    virtual ~FftEngine() = default;
    FftEngine(const FftEngine&) = delete;
    FftEngine& operator=(const FftEngine&) = delete;

    Shape frames_shape() const { return {batch_, n_fft_}; }
    Shape spectrum_shape() const { return {batch_, n_fft_ / 2 + 1, 2}; }
    virtual std::size_t scratch_bytes() const = 0;

    // Enqueues on the context's stream; frames and spectrum must not overlap, and frames are left as they
    // were. Throws InvalidArgument for tensors that don't fit (as ConvEngine::execute), DeviceError.
    void execute(Context& context, Tensor frames, Tensor spectrum, Tensor scratch);

 protected:
    virtual void do_execute(Context& context, Tensor frames, Tensor spectrum, Tensor scratch) = 0;

    const int n_fft_;
    const std::int64_t batch_;
};

// n_fft >= 2, batch >= 1 (InvalidArgument). Not while a graph is captured.
std::unique_ptr<FftEngine> make_fft_engine(Context& context, int n_fft, std::int64_t batch);

}  // namespace kickdrum::cuda
