// SPDX-License-Identifier: MIT
// Log-mel spectrograms and pictures of 8-second clips at 22050 Hz; every thread has clips of its own.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "benchmarks/support/bench.h"
#include "dsp/clip_features.h"
#include "dsp/log_mel.h"
#include "kernels/device/philox.h"

namespace kickdrum {

namespace {

constexpr int kSamples = 8 * 22050;
constexpr int kClipsPerThread = 4;

std::vector<float> noise() {
    const RandomStream stream = random_stream(1, "noise");
    std::vector<float> samples;
    for (std::uint64_t i = 0; i < kSamples; ++i) samples.push_back(uniform01(philox(stream, i)[0]) - 0.5F);
    return samples;
}

// What the textbook's FFT of real numbers takes, window, power and the mel bands' products.
double flops_per_clip(const LogMelPlan& plan) {
    const double n = plan.settings().n_fft;
    double weights = 0;
    for (const MelBand& band : plan.bands()) weights += static_cast<double>(band.weights.size());
    return static_cast<double>(plan.frames(kSamples)) * (2.5 * n * std::log2(n) + n + 1.5 * n + 2 * weights);
}

void log_mel_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const LogMelPlan plan({.n_fft = static_cast<int>(state.range(0))}, bench.context().simd());
    const std::vector<float> samples = noise();
    const auto threads = static_cast<std::size_t>(bench.context().threads());
    const auto size = static_cast<std::size_t>(plan.settings().n_mels * plan.frames(kSamples));
    std::vector<LogMelPlan::Scratch> scratch(threads);
    std::vector<std::vector<float>> db(threads, std::vector<float>(size));
    const std::int64_t clips = kClipsPerThread * bench.context().threads();
    const double seconds = bench.time(state, [&] {
        bench.context().pool().parallel_for(clips, [&](std::int64_t, int thread) {
            const auto t = static_cast<std::size_t>(thread);
            plan.execute(samples, scratch[t], db[t]);
        });
    });
    bench.count_flops(state, seconds, flops_per_clip(plan) * static_cast<double>(clips));
    state.counters["clips/s"] = static_cast<double>(clips) / seconds;
}

void clip_picture_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const auto kind = static_cast<ClipImage>(state.range(0));
    const ClipFeaturePlan plan({.log_mel = {}, .image = kind}, bench.context().simd());
    const std::vector<float> samples = noise();
    const auto threads = static_cast<std::size_t>(bench.context().threads());
    std::vector<std::vector<float>> images(threads, std::vector<float>(128 * 128));
    const std::int64_t clips = kClipsPerThread * bench.context().threads();
    const double seconds = bench.time(state, [&] {
        bench.context().pool().parallel_for(clips, [&](std::int64_t, int thread) {
            plan.compute(samples, images[static_cast<std::size_t>(thread)]);
        });
    });
    state.counters["clips/s"] = static_cast<double>(clips) / seconds;
    state.SetLabel(kind == ClipImage::smooth ? "float" : "specshow_gray");
}

BENCHMARK(log_mel_bench)
    ->Name("log_mel")
    ->ArgName("n_fft")
    ->RangeMultiplier(2)
    ->Range(512, 4096)
    ->Arg(400)
    ->UseRealTime();
BENCHMARK(clip_picture_bench)->Name("clip_picture")->DenseRange(0, 1)->UseRealTime();

}  // namespace

}  // namespace kickdrum
