// SPDX-License-Identifier: MIT
#include "kernels/cuda/fft_engine.cuh"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/support/engine_test.h"

namespace kickdrum {
namespace {

class FftEngineTest : public DeviceTest {};

Doubles naive_fft(const Floats& frames, int n_fft) {
    Doubles spectrum;
    for (std::size_t row = 0; row < frames.size(); row += static_cast<std::size_t>(n_fft)) {
        for (int f = 0; f <= n_fft / 2; ++f) {
            double re = 0;
            double im = 0;
            for (int t = 0; t < n_fft; ++t) {
                const double angle = 2 * std::numbers::pi * f * t / n_fft;
                re += static_cast<double>(frames[row + at(t)]) * std::cos(angle);
                im -= static_cast<double>(frames[row + at(t)]) * std::sin(angle);
            }
            spectrum.insert(spectrum.end(), {re, im});
        }
    }
    return spectrum;
}

TEST_P(FftEngineTest, FourierTransformMatchesItsDefinition) {
    if constexpr (kWithCuda) {
        for (const int n_fft : {2, 15, 64, 600, 1024}) {
            const auto engine = cuda::make_fft_engine(context(), n_fft, 3);
            TestTensor frames(context(), engine->frames_shape());
            TestTensor spectrum(context(), engine->spectrum_shape());
            const Buffer memory(context(), engine->scratch_bytes());
            const Floats before = frames.randomize("frames").values();
            engine->execute(context(), frames, spectrum, whole(memory));
            EXPECT_LT(relative_error(spectrum.values(), naive_fft(before, n_fft)), 2e-6) << n_fft;
            EXPECT_EQ(frames.values(), before) << n_fft;
        }
    }
}

TEST_P(FftEngineTest, FourierTransformChecksItsArguments) {
    if constexpr (kWithCuda) {
        EXPECT_THROW(cuda::make_fft_engine(context(), 1, 4), InvalidArgument);
        EXPECT_THROW(cuda::make_fft_engine(context(), 16, 0), InvalidArgument);
        const auto engine = cuda::make_fft_engine(context(), 16, 2);
        TestTensor frames(context(), engine->frames_shape());
        EXPECT_THROW(engine->execute(context(), frames, frames, {}), InvalidArgument);
        synchronize(context());
    }
}

INSTANTIATE_FOR_CUDA(FftEngineTest);

}  // namespace
}  // namespace kickdrum
