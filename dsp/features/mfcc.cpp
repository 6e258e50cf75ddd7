// SPDX-License-Identifier: MIT
#include "dsp/features/mfcc.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace kickdrum {

namespace {

constexpr int kHalfWidth = 4;  // of the 9 frames

// The weights of 9 frames for the derivative of the fitted polynomial at their middle.
std::array<float, 2 * kHalfWidth + 1> derivative_weights(int order) {
    double count = 0;
    double squares = 0;
    double fourths = 0;
    for (int i = -kHalfWidth; i <= kHalfWidth; ++i) {
        count += 1;
        squares += i * i;
        fourths += i * i * i * i;
    }
    std::array<float, 2 * kHalfWidth + 1> weights{};
    for (int i = -kHalfWidth; i <= kHalfWidth; ++i) {
        const double weight =
            order == 1 ? i / squares : 2 * (count * i * i - squares) / (count * fourths - squares * squares);
        weights[static_cast<std::size_t>(i + kHalfWidth)] = static_cast<float>(weight);
    }
    return weights;
}

}  // namespace

BlockedWeights cosine_transform(int count, int bands) {
    BlockedWeights transform(count, bands);
    for (int c = 0; c < count; ++c) {
        const double scale = std::sqrt((c == 0 ? 1.0 : 2.0) / bands);
        for (int b = 0; b < bands; ++b) {
            transform.at(c, b) =
                static_cast<float>(scale * std::cos(std::numbers::pi * c * (2 * b + 1) / (2.0 * bands)));
        }
    }
    return transform;
}

FrameMatrix mfcc_of(const FrameMatrix& mel_db, const BlockedMatrix& transform,
                    const SpectralKernels& kernels) {
    FrameMatrix mfcc(transform.outputs, mel_db.frames);
    kernels.combine(transform, mel_db.values.data(), mel_db.frames, static_cast<int>(mel_db.frames),
                    mfcc.values.data(), mfcc.frames);
    return mfcc;
}

FrameMatrix delta_of(const FrameMatrix& src, int order) {
    FrameMatrix delta(src.rows, src.frames);
    if (src.frames <= 2 * kHalfWidth) return delta;
    const auto weights = derivative_weights(order);
    const auto frames = static_cast<std::size_t>(src.frames);
    for (int r = 0; r < src.rows; ++r) {
        const auto from = src.row(r);
        const auto to = delta.row(r);
        for (std::size_t t = kHalfWidth; t + kHalfWidth < frames; ++t) {
            float sum = 0;
            for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * from[t + i - kHalfWidth];
            to[t] = sum;
        }
        std::fill(to.begin(), to.begin() + kHalfWidth, to[kHalfWidth]);
        std::fill(to.end() - kHalfWidth, to.end(), to[frames - kHalfWidth - 1]);
    }
    return delta;
}

}  // namespace kickdrum
