// SPDX-License-Identifier: MIT
// Pictures of a batch of clips: our one kernel, and beside it cuFFT between two kernels.
#include <string>

#include "benchmarks/cuda/gpu_bench.h"
#include "dsp/clip_batch.h"
#include "kernels/device/transfer.h"

namespace kickdrum {
namespace {

// Bytes: samples once, powers of the bands written and read, pictures written; what the chain moves besides
// is its own fault.
GpuCall pictures(Context& context, int n_fft, ClipTransform transform, const GpuScale& scale) {
    const std::shared_ptr<ClipBatch> plan =
        make_clip_batch(context, {.features = {.log_mel = {.n_fft = n_fft}},
                                  .clips = scale.batch,
                                  .max_samples = scale.samples,
                                  .transform = transform});
    const GpuTensor samples(context, plan->samples_shape()), images(context, plan->images_shape());
    const GpuTensor lengths(context, plan->lengths_shape(), DType::i32);
    const std::vector<std::int32_t> whole(static_cast<std::size_t>(scale.batch),
                                          static_cast<std::int32_t>(scale.samples));
    upload(context, whole.data(), lengths);
    const GpuTensor scratch(context, plan->scratch_bytes());
    return {.run = [=, &context] { plan->execute(context, samples, lengths, images, scratch); },
            .bytes = bytes_of({samples, images}) + 8.0 * static_cast<double>(plan->power_shape().count())};
}

}  // namespace

std::vector<GpuCase> sound_cases() {
    std::vector<GpuCase> cases;
    for (const int n_fft : {1024, 2048}) {
        const std::string name = "pictures/n_fft " + std::to_string(n_fft);
        cases.push_back({name, [n_fft](Context& c, const GpuScale& s) {
                             return pictures(c, n_fft, ClipTransform::one_kernel, s);
                         }});
        cases.push_back({name + "/peer: cuFFT between two kernels", [n_fft](Context& c, const GpuScale& s) {
                             return pictures(c, n_fft, ClipTransform::chain, s);
                         }});
    }
    return cases;
}

}  // namespace kickdrum
