// SPDX-License-Identifier: MIT
// What every benchmark needs: the context, the machine's limits, tensors filled with numbers, and counters
// that set a measured time in relation to those limits.
//
// Environment: KICKDRUM_BENCH_THREADS (default: one per processor), KICKDRUM_BENCH_SIMD (portable, avx2,
// avx512). Every benchmark has to be registered with UseRealTime(), since its threads are the context's.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>

#include "benchmarks/support/machine_limits.h"
#include "kernels/device/buffer.h"

namespace kickdrum {

class Bench {
 public:
    Bench();

    Context& context() { return context_; }
    const MachineLimits& limits() const { return limits_; }

    // The benchmark's loop; returns the seconds of one call.
    template <class Function>
    double time(benchmark::State& state, Function&& function) const {
        const auto start = std::chrono::steady_clock::now();
        for (auto _ : state) function();
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        return elapsed.count() / static_cast<double>(state.iterations());
    }

    // Counters GFLOP/s and %peak. `performed` is the share of `flops` that the algorithm really computes: a
    // Winograd convolution is credited with a direct one's operations in GFLOP/s, but not in %peak.
    void count_flops(benchmark::State& state, double seconds, double flops, double performed = 1) const;
    // Counters GB/s and %bandwidth (of a copy); `bytes`: every tensor read or written, once. Tensors that fit
    // in the caches can exceed 100 %.
    void count_bytes(benchmark::State& state, double seconds, double bytes) const;

 private:
    Context context_;
    MachineLimits limits_;
};

// Google Benchmark registers plain functions before main() and gives them nothing: what they share is made on
// the first call.
Bench& shared_bench();

// A Buffer and its view, filled with uniform numbers in [-1, 1) (f32) or zeros.
class BenchTensor {
 public:
    BenchTensor(Context& context, const Shape& shape, DType dtype = DType::f32);
    BenchTensor(Context& context, std::size_t scratch_bytes);

    operator Tensor() const { return tensor_; }
    const Tensor& tensor() const { return tensor_; }
    double bytes() const { return static_cast<double>(tensor_.bytes()); }

 private:
    Buffer buffer_;
    Tensor tensor_;
};

}  // namespace kickdrum
