// SPDX-License-Identifier: MIT
// What a Trainer gives: sums of steps, evaluations, its state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kickdrum {

// Of one step, or of the steps of an epoch.
struct StepResult {
    double loss_sum = 0;  // sum over the clips of weight * cross-entropy
    std::int64_t correct = 0;
    std::int64_t clips = 0;
};

struct Evaluation {
    double loss = 0;                   // mean cross-entropy, unweighted, no label smoothing
    double accuracy = 0;               // of sets: all of a clip's classes are right
    std::vector<float> probabilities;  // [clips, classes], in the order asked for
    std::vector<int> predicted;        // the most probable class, the first of equals
    // Instead, where clips have sets of classes: [clips, classes] of 0 and 1, 1 from probability 1/2 on.
    std::vector<std::uint8_t> predicted_sets;
};

// All that training goes on from: weights, moments, the snapshot. Bytes in the layout of the device and the
// model: they mean nothing to another.
struct TrainerState {
    std::uint64_t step = 0;
    std::vector<std::byte> memory;
};

}  // namespace kickdrum
