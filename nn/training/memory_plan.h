// SPDX-License-Identifier: MIT
// How much memory of the device a Trainer takes, without taking it: the network is planned as the Trainer
// plans it, and thrown away.
#pragma once

#include <cstddef>

#include "kernels/device/context.h"
#include "nn/model/model_spec.h"
#include "nn/training/training_spec.h"

namespace kickdrum {

struct TrainingMemory {          // bytes
    std::size_t parameters = 0;  // values and gradients, in Math::bf16 also the shadow
    std::size_t moments = 0;     // of the optimiser
    std::size_t average = 0;     // of the weights
    std::size_t best_weights = 0;
    std::size_t activations =
        0;                  // their gradients, workspace and scratch, for a full batch; also of evaluations
    std::size_t batch = 0;  // the clips of a batch

    std::size_t total() const { return parameters + moments + average + best_weights + activations + batch; }
};

// `clip` is [1, height, width, channels]. The model must have passed describe_model(). Left out is what grows
// with the number of clips: dataset_memory(). The operations'
// plans may take some memory of the host, and milliseconds.
TrainingMemory plan_training_memory(Context& context, const ModelSpec& model, const Shape& clip, int classes,
                                    const TrainingSpec& spec);

// What a trainer takes beside that for `clips` clips in batches of up to batch_size: their results and the
// order of an epoch. Buffers are counted as a device rounds them up.
std::size_t dataset_memory(std::int64_t clips, int classes, int batch_size);

// The largest batch size up to spec.batch_size whose training takes at most `bytes`; 0: not even one clip.
int largest_batch(Context& context, const ModelSpec& model, const Shape& clip, int classes, TrainingSpec spec,
                  std::size_t bytes);

}  // namespace kickdrum
