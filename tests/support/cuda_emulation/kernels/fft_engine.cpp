// SPDX-License-Identifier: MIT
// In the place of kernels/cuda/fft_engine_library_cuda.cu: the transform by its definition, in double. Like a
// library it makes use of all the scratch that it asked for.
#include "kernels/cuda/fft_engine.cuh"

#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

#include "kernels/cuda/check.cuh"
#include "kernels/cuda/context_cuda.cuh"
#include "tests/support/cuda_emulation/enqueue.h"

namespace kickdrum::cuda {
namespace {

constexpr std::size_t kScratchBytes = 512;

void transform(const float* frame, int n_fft, const std::vector<double>& cosines, float* spectrum) {
    const auto n = static_cast<std::size_t>(n_fft);
    for (std::size_t f = 0; f <= n / 2; ++f) {
        double re = 0;
        double im = 0;
        for (std::size_t t = 0, angle = 0; t < n; ++t, angle = (angle + f) % n) {
            // The sine is the cosine of three quarters of a period later.
            re += static_cast<double>(frame[t]) * cosines[4 * angle];
            im -= static_cast<double>(frame[t]) * cosines[(4 * angle + 3 * n) % (4 * n)];
        }
        spectrum[2 * f] = static_cast<float>(re);
        spectrum[2 * f + 1] = static_cast<float>(im);
    }
}

class ReferenceFftEngine : public FftEngine {
 public:
    ReferenceFftEngine(int n_fft, std::int64_t batch) : FftEngine(n_fft, batch) {
        for (int i = 0; i < 4 * n_fft; ++i) cosines_.push_back(std::cos(std::numbers::pi * i / 2 / n_fft));
    }
    std::size_t scratch_bytes() const override { return kScratchBytes; }

 protected:
    void do_execute(Context& context, Tensor frames, Tensor spectrum, Tensor scratch) override {
        const auto work = [frames, spectrum, scratch, n_fft = n_fft_, batch = batch_, cosines = cosines_] {
            std::memset(scratch.data, 0xff, kScratchBytes);
            for (std::int64_t row = 0; row < batch; ++row) {
                transform(frames.f32() + row * n_fft, n_fft, cosines,
                          spectrum.f32() + row * (n_fft / 2 + 1) * 2);
            }
        };
        KICKDRUM_CUDA_CHECK(emulation::enqueue_host_work(stream(context), "Fourier transform", work));
    }

 private:
    std::vector<double> cosines_;  // of quarters of a step
};

}  // namespace

std::unique_ptr<FftEngine> make_fft_engine(Context&, int n_fft, std::int64_t batch) {
    return std::make_unique<ReferenceFftEngine>(n_fft, batch);
}

}  // namespace kickdrum::cuda
