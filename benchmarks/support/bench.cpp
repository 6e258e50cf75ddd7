// SPDX-License-Identifier: MIT
#include "benchmarks/support/bench.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "kernels/device/error.h"
#include "kernels/device/philox.h"

namespace kickdrum {

namespace {

ContextOptions options_from_environment() {
    ContextOptions options;
    if (const char* threads = std::getenv("KICKDRUM_BENCH_THREADS")) options.threads = std::atoi(threads);
    if (const char* name = std::getenv("KICKDRUM_BENCH_SIMD")) {
        for (const SimdLevel level : available_simd_levels()) {
            if (to_string(level) == name) options.simd = level;
        }
        require(options.simd.has_value(), "KICKDRUM_BENCH_SIMD is '{}', which can't run here", name);
    }
    return options;
}

}  // namespace

Bench::Bench() : context_(options_from_environment()), limits_(measure_machine_limits(context_)) {
    using benchmark::AddCustomContext;
    AddCustomContext("threads", std::to_string(context_.threads()));
    AddCustomContext("simd", std::string(to_string(context_.simd())));
    AddCustomContext("peak", fmt::format("{:.1f} GFLOP/s", limits_.gflops));
    AddCustomContext("copy, read + written", fmt::format("{:.1f} GB/s", limits_.copy_gb_per_s));
    AddCustomContext("update, read + written", fmt::format("{:.1f} GB/s", limits_.update_gb_per_s));
}

void Bench::count_flops(benchmark::State& state, double seconds, double flops, double performed) const {
    const double gflops = flops / seconds * 1e-9;
    state.counters["GFLOP/s"] = gflops;
    state.counters["%peak"] = 100 * performed * gflops / limits_.gflops;
}

void Bench::count_bytes(benchmark::State& state, double seconds, double bytes) const {
    const double gb_per_s = bytes / seconds * 1e-9;
    state.counters["GB/s"] = gb_per_s;
    state.counters["%bandwidth"] = 100 * gb_per_s / limits_.gb_per_s();
}

Bench& shared_bench() {
    static Bench bench;
    return bench;
}

BenchTensor::BenchTensor(Context& context, const Shape& shape, DType dtype)
    : buffer_(context, static_cast<std::size_t>(shape.count()) * size_of(dtype)),
      tensor_(buffer_.tensor(shape, dtype)) {
    if (dtype != DType::f32) return;
    const RandomStream stream = random_stream(1, "benchmark");
    for (std::int64_t i = 0; i < tensor_.count(); i += 4) {
        const Philox4 words = philox(stream, static_cast<std::uint64_t>(i));
        for (std::int64_t j = i; j < std::min(i + 4, tensor_.count()); ++j) {
            tensor_.f32()[j] = 2 * uniform01(words[static_cast<std::size_t>(j - i)]) - 1;
        }
    }
}

BenchTensor::BenchTensor(Context& context, std::size_t scratch_bytes)
    : buffer_(context, std::max<std::size_t>(scratch_bytes, 1)),
      tensor_(
          buffer_.tensor({static_cast<std::int64_t>(std::max<std::size_t>(scratch_bytes, 1))}, DType::u8)) {}

}  // namespace kickdrum
