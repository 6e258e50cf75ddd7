// SPDX-License-Identifier: MIT
#include "nn/model/model_builder.h"

#include <utility>

#include "nn/layers/batch_norm_layer.h"
#include "nn/layers/conv2d_layer.h"
#include "nn/layers/dense_layer.h"
#include "nn/layers/pool_layer.h"
#include "nn/layers/residual_layer.h"
#include "nn/layers/simple_layers.h"
#include "nn/model/layer_names.h"

namespace kickdrum {
namespace {

class Builder {
 public:
    Builder(int classes, std::string prefix) : classes_(classes), names_(std::move(prefix)) {}

    std::vector<std::unique_ptr<Layer>> build(const std::vector<LayerSpec>& layers) {
        for (std::size_t i = 0; i < layers.size(); ++i) {
            name_ = names_.next(type_name(layers[i]));
            if (i + 1 < layers.size() && is_block(layers[i], layers[i + 1])) {
                const auto& conv = std::get<Conv2dLayerSpec>(layers[i].kind);
                push<ConvBlockLayer>(ConvBlockSpec{.channels_out = conv.filters, .padding = conv.padding},
                                     Initializers{conv.kernel_initializer, conv.bias_initializer});
                names_.next(type_name(layers[++i]));  // the pooling keeps its number
                continue;
            }
            next_ = i + 1 < layers.size() ? &layers[i + 1] : nullptr;
            std::visit([&](const auto& kind) { visit(kind); }, layers[i].kind);
            if (std::exchange(took_next_, false)) ++i;
        }
        return std::move(layers_);
    }

 private:
    static bool is_block(const LayerSpec& first, const LayerSpec& second) {
        const auto* conv = std::get_if<Conv2dLayerSpec>(&first.kind);
        const auto* pool = std::get_if<Pool2dLayerSpec>(&second.kind);
        return conv != nullptr && pool != nullptr && conv->kernel == Extent2d{3, 3} &&
               conv->strides == Extent2d{} && conv->dilation == Extent2d{} &&
               conv->activation == Activation::relu && conv->use_bias && pool->kind == PoolKind::max &&
               pool->size == Extent2d{2, 2} && pool->strides.value_or(pool->size) == Extent2d{2, 2} &&
               pool->padding == Padding::valid;
    }

    template <class L, class... Args>
    void push(Args&&... args) {
        layers_.push_back(std::make_unique<L>(name_, std::forward<Args>(args)...));
    }

    void push_activation(Activation activation) {
        if (activation == Activation::linear) return;
        layers_.push_back(std::make_unique<ActivationLayer>(
            fmt::format("{}/{}", name_, to_string(activation)), activation));
    }

    void visit(const Conv2dLayerSpec& conv) {
        push<Conv2dLayer>(Conv2dSpec{.channels_out = conv.filters,
                                     .kernel = conv.kernel,
                                     .stride = conv.strides,
                                     .dilation = conv.dilation,
                                     .padding = conv.padding,
                                     .has_bias = conv.use_bias},
                          Initializers{conv.kernel_initializer, conv.bias_initializer});
        push_activation(conv.activation);
    }

    void visit(const Pool2dLayerSpec& pool) {
        push<Pool2dLayer>(Pool2dSpec{.kind = pool.kind,
                                     .size = pool.size,
                                     .stride = pool.strides.value_or(pool.size),
                                     .padding = pool.padding});
    }

    void visit(const GlobalPool2dLayerSpec& pool) { push<GlobalPool2dLayer>(pool.kind); }

    void visit(const BatchNormLayerSpec& norm) {
        push<BatchNormLayer>(BatchNormSpec{.momentum = static_cast<float>(norm.momentum),
                                           .epsilon = static_cast<float>(norm.epsilon),
                                           .statistics_size = norm.statistics_size});
    }

    void visit(const ActivationLayerSpec& activation) { push<ActivationLayer>(activation.function); }
    void visit(const FlattenLayerSpec&) { push<FlattenLayer>(); }
    void visit(const DropoutLayerSpec& dropout) { push<DropoutLayer>(dropout.rate); }

    // ReLU, and dropout where it comes next, are part of the layer.
    void visit(const DenseLayerSpec& dense) {
        DenseLayerOptions options{.units = dense.units == DenseLayerSpec::kClasses ? classes_ : dense.units,
                                  .has_bias = dense.use_bias,
                                  .relu = dense.activation == Activation::relu};
        const auto* dropout = next_ == nullptr ? nullptr : std::get_if<DropoutLayerSpec>(&next_->kind);
        took_next_ = options.relu && dropout != nullptr && static_cast<float>(dropout->rate) < 1;
        if (took_next_) {
            options.dropout = static_cast<float>(dropout->rate);
            options.dropout_name = names_.next(type_name(*next_));
        }
        push<DenseLayer>(std::move(options), Initializers{dense.kernel_initializer, dense.bias_initializer});
        if (dense.activation != Activation::relu) push_activation(dense.activation);
    }

    void visit(const ResidualLayerSpec& residual) {
        const auto chain = [&](std::string_view part, const std::vector<LayerSpec>& layers) {
            const std::string name = fmt::format("{}/{}", name_, part);
            return std::make_unique<Sequential>(name, Builder(classes_, name + "/").build(layers));
        };
        push<ResidualLayer>(chain("body", residual.body), chain("shortcut", residual.shortcut),
                            residual.activation);
    }

    int classes_;
    LayerNames names_;
    std::string name_;
    const LayerSpec* next_ = nullptr;  // behind the one that is visited
    bool took_next_ = false;
    std::vector<std::unique_ptr<Layer>> layers_;
};

}  // namespace

std::unique_ptr<Sequential> build_model(const ModelSpec& model, int classes) {
    return std::make_unique<Sequential>("model", Builder(classes, "").build(model));
}

}  // namespace kickdrum
