// SPDX-License-Identifier: MIT
#include "nn/training/memory_plan.h"

#include "kernels/ops/optimizer.h"
#include "nn/model/model_builder.h"
#include "nn/training/weight_average.h"

namespace kickdrum {

TrainingMemory plan_training_memory(Context& context, const ModelSpec& model, const Shape& clip, int classes,
                                    const TrainingSpec& spec) {
    const Shape src = network_inputs(clip.with_rows(spec.batch_size), spec);
    ParameterStore parameters;
    bool takes_rows = false;
    const auto planned = [&](const Shape& inputs, ParameterStore& store) {
        const auto layers = build_model(model, classes);
        MemoryPlanner memory;
        Planning planning{.context = context, .memory = memory, .parameters = store};
        layers->plan(planning, inputs);
        takes_rows = layers->takes_rows();
        return memory.solve().total_bytes;
    };
    std::size_t activations = planned(src, parameters);
    const Shape test_src = evaluation_inputs(clip.with_rows(spec.batch_size), spec);
    ParameterStore same;
    if (test_src != src) activations += planned(test_src, same);

    const std::size_t trainable = parameters.trainable_bytes();
    const std::size_t state = parameters.state_bytes();
    const std::size_t shadow = context.math() == Math::bf16 ? trainable / 2 : 0;
    const auto n = static_cast<std::size_t>(spec.batch_size);
    // The picture where it's gathered, the scores and their gradient; weight, label and index.
    const bool reads_in_place = takes_rows && !spec.prepares_inputs();
    std::int64_t gathered = reads_in_place ? 0 : src.with_rows(1).count();
    if (test_src != src) gathered += test_src.with_rows(1).count();
    const auto values = static_cast<std::size_t>(gathered + 2 * std::int64_t{classes});
    const std::size_t per_clip = values * size_of(context.activation_dtype()) + 3 * sizeof(float);
    return {.parameters = 2 * trainable + state + shadow,
            .moments = static_cast<std::size_t>(moment_count(spec.optimizer)) * trainable,
            .average = spec.average_decay > 0 ? WeightAverage::bytes(parameters) : 0,
            .best_weights = trainable + state + shadow,
            .activations = activations,
            .batch = per_clip * n + clip_scratch_bytes()};
}

std::size_t dataset_memory(std::int64_t clips, int classes, int batch_size) {
    // A trainer has about a dozen buffers, and CUDA hands out memory in pieces of 512 bytes.
    constexpr std::size_t kRounding = std::size_t{16} * 512;
    const auto rows = static_cast<std::size_t>(clips + batch_size);
    // Of each clip: label, place in the order, loss, probabilities; of each batch, at most as many: rows,
    // rate and beta_1.
    const auto per_clip = (6 + static_cast<std::size_t>(classes)) * sizeof(float);
    return rows * per_clip + kRounding;
}

int largest_batch(Context& context, const ModelSpec& model, const Shape& clip, int classes, TrainingSpec spec,
                  std::size_t bytes) {
    int fits = 0;
    int too_large = spec.batch_size + 1;
    while (too_large - fits > 1) {
        spec.batch_size = fits + (too_large - fits) / 2;
        const bool fits_in = plan_training_memory(context, model, clip, classes, spec).total() <= bytes;
        (fits_in ? fits : too_large) = spec.batch_size;
    }
    return fits;
}

}  // namespace kickdrum
