// SPDX-License-Identifier: MIT
// kickdrum_cuda_benchmarks [--tiny] [OPTION OF GOOGLE BENCHMARK...]: every CUDA kernel and call of a library
// on the main network's shapes, in bf16 and fp32, with the L2 cache warm and cold, as a share of what the
// GPU's data sheet allows. --tiny: small shapes, one iteration, for an emulated device.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <iostream>
#include <string_view>

#include "benchmarks/cuda/gpu_bench.h"
#include "kernels/device/cuda_status.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr int kNoDevice = 4;
constexpr int kCallsInARow = 20;
constexpr std::size_t kTinyFlush = 4096;  // an emulated device has no cache

// What all benchmarks of one Math share.
struct Setup {
    Setup(Math math, const GpuScale& scale_of_all, bool is_tiny)
        : context({.device = Device::cuda, .math = math}),
          timer(context, is_tiny ? kTinyFlush : 0),
          limits(gpu_limits(timer.gpu())),
          scale(scale_of_all),
          tiny(is_tiny) {}

    Context context;
    GpuTimer timer;
    GpuLimits limits;
    GpuScale scale;
    bool tiny;
};

void run_case(benchmark::State& state, Setup& setup, const GpuCase& one, bool cold) {
    const GpuCall call = one.prepare(setup.context, setup.scale);
    call.run();  // loads the code
    double seconds = 0;
    for (auto _ : state) {
        const double time =
            cold ? setup.timer.cold(call.run) : setup.timer.warm(call.run, setup.tiny ? 1 : kCallsInARow);
        state.SetIterationTime(time);
        seconds += time;
    }
    seconds /= static_cast<double>(state.iterations());
    state.counters["model bytes"] = call.bytes;
    state.counters["model FLOP"] = call.flops;
    if (seconds > 0) {  // on an emulated device no time passes
        state.counters["GB/s"] = 1e-9 * call.bytes / seconds;
        state.counters["GFLOP/s"] = 1e-9 * call.flops / seconds;
        state.counters["% of roofline"] =
            100 * setup.limits.seconds(call.bytes, call.flops, call.arithmetic) / seconds;
    }
    state.SetLabel(call.label);
}

void register_cases(Setup& setup, std::string_view math) {
    std::vector<GpuCase> cases = conv_cases();
    for (const auto& more : {dense_cases(), element_cases(), sound_cases()})
        cases.insert(cases.end(), more.begin(), more.end());
    for (const GpuCase& one : cases) {
        for (const bool cold : {false, true}) {
            const std::string name = std::string(math) + "/" + one.name + (cold ? "/L2 cold" : "/L2 warm");
            auto* const added = benchmark::RegisterBenchmark(
                name.c_str(),
                [&setup, one, cold](benchmark::State& state) { run_case(state, setup, one, cold); });
            added->UseManualTime()->Unit(benchmark::kMicrosecond);
            if (setup.tiny) added->Iterations(1);
        }
    }
}

void describe(const Setup& setup) {
    const GpuProperties& gpu = setup.timer.gpu();
    using benchmark::AddCustomContext;
    AddCustomContext(
        "GPU", fmt::format("{}, {}, {} multiprocessors at {:.0f} MHz", gpu.name,
                           architecture_text(gpu.architecture), gpu.multiprocessors, 1e-6 * gpu.clock_hz));
    AddCustomContext("memory",
                     fmt::format("{} bits at {:.0f} MHz", gpu.memory_bus_bits, 1e-6 * gpu.memory_clock_hz));
    AddCustomContext("roofline", fmt::format("{}: {:.2f} TB/s; fp32 {:.0f}, tf32 {:.0f}, bf16 {:.0f} TFLOP/s",
                                             setup.limits.source, 1e-12 * setup.limits.bytes_per_second,
                                             1e-12 * setup.limits.fp32, 1e-12 * setup.limits.tf32,
                                             1e-12 * setup.limits.bf16));
}

int run(int argc, char** argv) {
    const bool tiny = std::any_of(argv + 1, argv + argc,
                                  [](const char* word) { return word == std::string_view("--tiny"); });
    argc =
        static_cast<int>(std::remove_if(argv + 1, argv + argc,
                                        [](const char* word) { return word == std::string_view("--tiny"); }) -
                         argv);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    if (const CudaStatus status = cuda_status(); !status.usable()) {
        std::cerr << "error: there is no GPU to measure: " << status.what << ". What to do: " << status.remedy
                  << '\n';
        return kNoDevice;
    }
    const GpuScale scale = tiny ? GpuScale{.batch = 2, .side = 16, .samples = 3000} : GpuScale{};
    Setup bf16(Math::bf16, scale, tiny);
    Setup fp32(Math::fp32, scale, tiny);
    describe(bf16);
    register_cases(bf16, "bf16");
    register_cases(fp32, "fp32");
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}

}  // namespace
}  // namespace kickdrum

int main(int argc, char** argv) {
    try {
        return kickdrum::run(argc, argv);
    } catch (const kickdrum::DeviceError& error) {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
