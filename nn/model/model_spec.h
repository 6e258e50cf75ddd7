// SPDX-License-Identifier: MIT
// A network as its user writes it: a list of layers with Keras' words. Plain data; model_builder.h makes
// layers of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kernels/device/error.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/activation.h"
#include "kernels/ops/conv2d.h"
#include "kernels/ops/padding.h"
#include "kernels/ops/pool2d.h"
#include "nn/model/initializer.h"

namespace kickdrum {

struct LayerSpec;

struct Conv2dLayerSpec {
    static constexpr std::string_view kName = "conv2d";
    int filters = 0;
    Extent2d kernel{3, 3};
    Extent2d strides{1, 1};
    Extent2d dilation{1, 1};
    Padding padding = Padding::valid;
    Activation activation = Activation::linear;
    bool use_bias = true;
    Initializer kernel_initializer = Initializer::glorot_uniform;
    Initializer bias_initializer = Initializer::zeros;
};

struct Pool2dLayerSpec {  // max_pool2d, average_pool2d
    PoolKind kind = PoolKind::max;
    Extent2d size{2, 2};
    std::optional<Extent2d> strides;  // default: size
    Padding padding = Padding::valid;
};

struct GlobalPool2dLayerSpec {  // global_max_pool2d, global_average_pool2d
    PoolKind kind = PoolKind::average;
};

struct BatchNormLayerSpec {
    static constexpr std::string_view kName = "batch_norm";
    double momentum = 0.99;
    double epsilon = 1e-3;
    int statistics_size = 0;  // clips of a batch that share their moments; 0: all
};

struct ActivationLayerSpec {
    static constexpr std::string_view kName = "activation";
    Activation function = Activation::relu;
};

struct FlattenLayerSpec {
    static constexpr std::string_view kName = "flatten";
};

struct DropoutLayerSpec {
    static constexpr std::string_view kName = "dropout";
    double rate = 0.5;
};

struct DenseLayerSpec {
    static constexpr std::string_view kName = "dense";
    static constexpr int kClasses = 0;  // units: classes
    int units = kClasses;
    bool softmax = false;  // last layer only; `activation` is then linear
    bool sets = false;     // with softmax: a sigmoid instead, as clips may have several classes
    Activation activation = Activation::linear;
    bool use_bias = true;
    Initializer kernel_initializer = Initializer::glorot_uniform;
    Initializer bias_initializer = Initializer::zeros;
};

// dst = activation(body(src) + shortcut(src)); an empty shortcut is the identity, and body must keep the
// shape then.
struct ResidualLayerSpec {
    static constexpr std::string_view kName = "residual";
    std::vector<LayerSpec> body;
    std::vector<LayerSpec> shortcut;
    Activation activation = Activation::relu;
};

struct LayerSpec {
    std::variant<Conv2dLayerSpec, Pool2dLayerSpec, GlobalPool2dLayerSpec, BatchNormLayerSpec,
                 ActivationLayerSpec, FlattenLayerSpec, DropoutLayerSpec, DenseLayerSpec, ResidualLayerSpec>
        kind;
    // Where it was written (from 1; 0: nowhere), for messages.
    int line = 0;
    int column = 0;
};

using ModelSpec = std::vector<LayerSpec>;

// "conv2d", "max_pool2d", ...: the word for it in an experiment file.
std::string_view type_name(const LayerSpec& layer);

// A layer that doesn't fit its input.
class ModelError : public InvalidArgument {
 public:
    ModelError(const std::string& message, const LayerSpec& layer)
        : InvalidArgument(message), line(layer.line), column(layer.column) {}
    int line;
    int column;
};

// Makes a last layer `dense` with sigmoid the head of a network that says yes or no to each class; false where
// the last layer is another.
bool take_sigmoid_head(ModelSpec& model);

// A parameter of a layer, by the name that it has in the network's files.
struct WeightRow {
    std::string name;  // "conv2d_1/kernel"
    Shape shape;       // of a convolution: HWIO
    bool trained = true;
};

// One row of the table of layers that `check` prints.
struct LayerRow {
    std::string name;         // "conv2d_1"; inside a residual block "residual_1/body/conv2d_2"
    std::string description;  // "32 filters 3x3, same, relu"
    Shape src;                // of one clip: [1, h, w, c] or [1, features]
    Shape dst;
    std::vector<WeightRow> weights{};
    int dropped_rows = 0;  // rows and columns of src that no pooling window covers
    int dropped_columns = 0;
    std::optional<Conv2dSpec> convolution{};  // of a conv2d layer

    std::int64_t parameters() const;
};

// Infers every shape. `input` is [1, height, width, channels]. Throws ModelError at the first layer that
// doesn't fit; the last layer must be dense with `classes` units and softmax.
std::vector<LayerRow> describe_model(const ModelSpec& model, const Shape& input, int classes);
std::int64_t parameter_count(const std::vector<LayerRow>& rows);

}  // namespace kickdrum
