// SPDX-License-Identifier: MIT
#include "benchmarks/support/machine_limits.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include "benchmarks/support/simd/fma_loop.h"
#include "kernels/device/buffer.h"

namespace kickdrum {

namespace {

constexpr std::size_t kArrayBytes = std::size_t{256} << 20U;
constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
constexpr int kRepetitions = 7;

// The shortest of several runs, in seconds: what disturbs a run only ever makes it longer.
template <class Function>
double best_seconds(Function&& function) {
    double best = 1e300;
    for (int i = 0; i < kRepetitions; ++i) {
        const auto start = std::chrono::steady_clock::now();
        function();
        best =
            std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

struct FmaLoop {
    float (*run)(std::int64_t rounds);
    std::int64_t flops_per_round;
};

FmaLoop fma_loop(SimdLevel level) {
#if defined(__x86_64__)
    if (level == SimdLevel::avx512) return {avx512::run_fma_loop, avx512::fma_loop_flops_per_round()};
    if (level == SimdLevel::avx2) return {avx2::run_fma_loop, avx2::fma_loop_flops_per_round()};
#endif
    static_cast<void>(level);
    return {portable::run_fma_loop, portable::fma_loop_flops_per_round()};
}

double measure_gflops(Context& context) {
    constexpr std::int64_t kRounds = 4'000'000;
    const FmaLoop loop = fma_loop(context.simd());
    std::vector<float> results(static_cast<std::size_t>(context.threads()));
    const double seconds = best_seconds([&] {
        context.pool().parallel_for(context.threads(), [&](std::int64_t index, int) {
            results[static_cast<std::size_t>(index)] = loop.run(kRounds);
        });
    });
    // Using the results keeps the loop from being optimised away.
    const double used = results[0] == 0.5F ? 1 : 0;
    return static_cast<double>(kRounds * loop.flops_per_round * context.threads()) / seconds * 1e-9 +
           used * 1e-12;
}

constexpr std::int64_t kPieces = kArrayBytes / kPieceBytes;
constexpr std::size_t kPieceFloats = kPieceBytes / sizeof(float);

float* piece(const Buffer& buffer, std::int64_t index) {
    return static_cast<float*>(buffer.data()) + static_cast<std::size_t>(index) * kPieceFloats;
}

double measure_copy(Context& context, const Buffer& from, const Buffer& to) {
    const double seconds = best_seconds([&] {
        context.pool().parallel_for(kPieces, [&](std::int64_t index, int) {
            std::memcpy(piece(to, index), piece(from, index), kPieceBytes);
        });
    });
    return 2.0 * static_cast<double>(kArrayBytes) / seconds * 1e-9;
}

// A copy makes the processor read the lines that it's about to overwrite; an update has read them anyway.
double measure_update(Context& context, const Buffer& from, const Buffer& to) {
    const double seconds = best_seconds([&] {
        context.pool().parallel_for(kPieces, [&](std::int64_t index, int) {
            const float* src = piece(from, index);
            float* dst = piece(to, index);
            for (std::size_t i = 0; i < kPieceFloats; ++i) dst[i] += src[i];
        });
    });
    return 3.0 * static_cast<double>(kArrayBytes) / seconds * 1e-9;
}

}  // namespace

MachineLimits measure_machine_limits(Context& context) {
    const Buffer from(context, kArrayBytes);
    const Buffer to(context, kArrayBytes);
    std::memset(from.data(), 0, kArrayBytes);
    std::memset(to.data(), 0, kArrayBytes);
    MachineLimits limits;
    limits.gflops = measure_gflops(context);
    limits.copy_gb_per_s = measure_copy(context, from, to);
    limits.update_gb_per_s = measure_update(context, from, to);
    return limits;
}

}  // namespace kickdrum
