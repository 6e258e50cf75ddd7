// SPDX-License-Identifier: MIT
// Inner loops of the elementwise operations and the optimisers, compiled once per instruction set. Each works
// on one contiguous piece on the calling thread; cutting and threads are the callers'
// (kernels/ops/*_cpu.cpp).
#pragma once

#include <cstdint>

namespace kickdrum {

enum class SimdLevel;

// An element survives iff its random word >= threshold.
struct DropoutMask {
    std::uint32_t key0 = 0;
    std::uint32_t key1 = 0;
    std::uint64_t step = 0;
    std::uint32_t threshold = 0;
    float scale = 1;
};

struct AdamCoefficients {
    float gradient_scale = 1;
    float one_minus_beta_1 = 0;
    float one_minus_beta_2 = 0;
    float alpha = 0;  // the bias-corrected learning rate
    float epsilon = 0;
    float decay = 0;  // weight_decay * learning_rate
};

struct SgdCoefficients {
    float gradient_scale = 1;
    float learning_rate = 0;
    float momentum = 0;
    float decay = 0;
    bool nesterov = false;
};

// dst may be one of the sources everywhere.
struct ElementwiseKernels {
    void (*add)(const float* a, const float* b, float* dst, std::int64_t count);
    void (*scale)(float factor, float* dst, std::int64_t count);
    double (*sum_of_squares)(const float* src, std::int64_t count);

    // first_block: the number of src[0]'s block of four elements.
    void (*dropout)(const DropoutMask& mask, std::uint64_t first_block, const float* src, float* dst,
                    std::int64_t count);

    void (*adam)(const AdamCoefficients& coefficients, const float* gradient, float* weights, float* m,
                 float* v, std::int64_t count);
    // velocity: may be null, for plain gradient descent.
    void (*sgd)(const SgdCoefficients& coefficients, const float* gradient, float* weights, float* velocity,
                std::int64_t count);
};

const ElementwiseKernels& elementwise_kernels(SimdLevel level);

}  // namespace kickdrum
