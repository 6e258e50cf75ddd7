// SPDX-License-Identifier: MIT
// Predictor: a network that only computes. It has the weights and the memory of a forward pass, no gradients
// and no optimiser, and gives the bits that Trainer::evaluate gives on the same device and batch size.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/ops/augment.h"
#include "nn/layers/sequential.h"
#include "nn/model/network.h"

namespace kickdrum {

// How inputs become what the network sees, as in training: see TrainingSpec.
struct InferenceSpec {
    Shape clip;                     // of one input: [1, height, width, channels]
    std::int64_t input_frames = 0;  // 0: all
    BandStatistics bands;
    int test_rolls = 1;
    int batch_size = 64;  // clips at a time
};

class Predictor {
 public:
    // `layer`: ends the network behind this one ("dense_1"; of the outermost list). Throws ModelError or
    // InvalidArgument where network and inputs don't fit together, or there is no such layer.
    Predictor(Context& context, const Network& network, const InferenceSpec& spec,
              std::string_view layer = {});
    Predictor(const Predictor&) = delete;
    Predictor& operator=(const Predictor&) = delete;

    // Of one input: [1, classes], or the layer's.
    const Shape& output() const { return output_; }

    // inputs: any number of clips, one behind the other; as many rows come back. Logits, or what `layer`
    // gives. Several rolls of a clip are averaged.
    std::vector<float> outputs(std::span<const float> inputs) { return run(inputs, false); }
    // Softmax of the outputs, which are logits; sigmoid where the network says yes or no to each class.
    std::vector<float> probabilities(std::span<const float> inputs) { return run(inputs, true); }

 private:
    std::vector<float> run(std::span<const float> inputs, bool as_probabilities);
    void run_batch(std::span<const float> inputs, bool as_probabilities, std::span<float> results);
    void forward(std::int64_t rows, std::int64_t first_frame);

    Context& context_;
    InferenceSpec spec_;
    Shape output_;
    bool sets_ = false;                 // a clip may have several classes
    std::unique_ptr<Augment> augment_;  // null: the network takes the inputs as they are
    std::unique_ptr<Sequential> model_;
    ParameterStore parameters_;
    Arena arena_;
    Buffer memory_;
    Tensor inputs_, indices_, src_, dst_, probabilities_;
};

}  // namespace kickdrum
