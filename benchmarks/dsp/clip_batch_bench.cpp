// SPDX-License-Identifier: MIT
// Pictures of 64 clips of 8 seconds at 22050 Hz in one call. Bytes: samples read once, powers of the bands
// written and read once, images written once; what the chain moves besides is its own fault. The transform
// makes no difference on the CPU.
#include <benchmark/benchmark.h>

#include <vector>

#include "benchmarks/support/bench.h"
#include "dsp/clip_batch.h"
#include "kernels/device/transfer.h"

namespace kickdrum {

namespace {

constexpr std::int64_t kClips = 64;
constexpr std::int32_t kSamples = 8 * 22050;

void clip_batch_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    Context& context = bench.context();
    const auto n_fft = static_cast<int>(state.range(0));
    const auto transform = static_cast<ClipTransform>(state.range(1));
    const auto plan = make_clip_batch(context, {.features = {.log_mel = {.n_fft = n_fft}},
                                                .clips = kClips,
                                                .max_samples = kSamples,
                                                .transform = transform});
    const BenchTensor samples(context, plan->samples_shape());
    const BenchTensor lengths(context, plan->lengths_shape(), DType::i32);
    const std::vector<std::int32_t> whole(kClips, kSamples);
    upload(context, whole.data(), lengths);
    const BenchTensor images(context, plan->images_shape());
    const BenchTensor scratch(context, plan->scratch_bytes());
    const double seconds = bench.time(state, [&] {
        plan->execute(context, samples, lengths, images, scratch);
        synchronize(context);
    });
    const double power = static_cast<double>(plan->power_shape().count()) * sizeof(float);
    bench.count_bytes(state, seconds, samples.bytes() + 2 * power + images.bytes());
    state.counters["clips/s"] = static_cast<double>(kClips) / seconds;
    state.SetLabel(transform == ClipTransform::chain ? "chain" : "automatic");
}
BENCHMARK(clip_batch_bench)
    ->Name("clip_batch")
    ->ArgNames({"n_fft", "transform"})
    ->ArgsProduct({{1024, 2048},
                   {static_cast<int>(ClipTransform::automatic), static_cast<int>(ClipTransform::chain)}})
    ->UseRealTime();

}  // namespace

}  // namespace kickdrum
