// SPDX-License-Identifier: MIT
#include "benchmarks/support/simd/fma_loop.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

namespace {

using Vector [[gnu::vector_size(KICKDRUM_SIMD_BYTES)]] = float;
constexpr int kLanes = KICKDRUM_SIMD_BYTES / 4;
// Two units with a latency of four or five cycles want eight to ten sums in flight; sixteen registers hold
// twelve.
constexpr int kSums = 12;

}  // namespace

std::int64_t fma_loop_flops_per_round() {
    return std::int64_t{2} * kSums * kLanes;
}

float run_fma_loop(std::int64_t rounds) {
    Vector sums[kSums];
    for (int i = 0; i < kSums; ++i) sums[i] = Vector{} + 0.01F * static_cast<float>(i);
    Vector factor = Vector{} + 0.999F;
    Vector summand = Vector{} + 0.001F;
    // The compiler must not know the operands, or it could compute the result beforehand.
    asm("" : "+x"(factor), "+x"(summand));
    for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < kSums; ++i) sums[i] = sums[i] * factor + summand;
    }
    float total = 0;
    for (const Vector& sum : sums) {
        for (int lane = 0; lane < kLanes; ++lane) total += sum[lane];
    }
    return total;
}

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
