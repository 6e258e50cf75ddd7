// SPDX-License-Identifier: MIT
#include "nn/model/model_spec.h"

#include "nn/model/layer_names.h"

namespace kickdrum {
namespace {

std::string extent_text(Extent2d extent) {
    return fmt::format("{}x{}", extent.h, extent.w);
}

// Walks a list of layers, appends a row for each, and carries the shape of one clip along.
class ShapeWalk {
 public:
    ShapeWalk(std::vector<LayerRow>& rows, int classes, const std::string& prefix)
        : rows_(rows), classes_(classes), prefix_(prefix), names_(prefix) {}

    Shape run(const std::vector<LayerSpec>& layers, Shape shape) {
        for (const auto& layer : layers) {
            layer_ = &layer;
            name_ = names_.next(type_name(layer));
            shape = std::visit([&](const auto& kind) { return visit(kind, shape); }, layer.kind);
        }
        return shape;
    }

 private:
    [[noreturn]] void fail(const std::string& why) const { throw ModelError(name_ + ": " + why, *layer_); }

    void require_image(const Shape& src) const {
        if (src.rank() == 4) return;
        fail(
            fmt::format("needs an image (height, width, channels), but its input is {} numbers per clip; "
                        "move it before 'flatten' or the global pooling",
                        src[1]));
    }

    Shape add_row(std::string description, const Shape& src, const Shape& dst) {
        rows_.push_back({.name = name_, .description = std::move(description), .src = src, .dst = dst});
        return dst;
    }

    void add_weights(std::string_view what, const Shape& shape, bool trained = true) {
        rows_.back().weights.push_back(
            {.name = fmt::format("{}/{}", name_, what), .shape = shape, .trained = trained});
    }

    Shape visit(const Conv2dLayerSpec& conv, const Shape& src) {
        require_image(src);
        const Conv2dSpec spec{.channels_out = conv.filters,
                              .kernel = conv.kernel,
                              .stride = conv.strides,
                              .dilation = conv.dilation,
                              .padding = conv.padding,
                              .has_bias = conv.use_bias};
        const auto h = window_extent(src[1], conv.kernel.h, conv.strides.h, conv.dilation.h, conv.padding);
        const auto w = window_extent(src[2], conv.kernel.w, conv.strides.w, conv.dilation.w, conv.padding);
        if (h.out <= 0 || w.out <= 0) {
            fail(fmt::format("a {} kernel doesn't fit its input of {}x{}", extent_text(conv.kernel), src[1],
                             src[2]));
        }
        std::string text =
            fmt::format("{} filters {}, {}", conv.filters, extent_text(conv.kernel), to_string(conv.padding));
        if (conv.strides != Extent2d{}) text += ", strides " + extent_text(conv.strides);
        if (conv.dilation != Extent2d{}) text += ", dilation " + extent_text(conv.dilation);
        if (conv.activation != Activation::linear) text += fmt::format(", {}", to_string(conv.activation));
        const Shape dst = add_row(text, src, {1, h.out, w.out, conv.filters});
        add_weights("kernel", conv2d_weights_shape(src, spec));
        if (conv.use_bias) add_weights("bias", {conv.filters});
        rows_.back().convolution = spec;
        return dst;
    }

    Shape visit(const Pool2dLayerSpec& pool, const Shape& src) {
        require_image(src);
        const Extent2d strides = pool.strides.value_or(pool.size);
        const auto h = window_extent(src[1], pool.size.h, strides.h, 1, pool.padding);
        const auto w = window_extent(src[2], pool.size.w, strides.w, 1, pool.padding);
        if (h.out <= 0 || w.out <= 0) {
            fail(fmt::format(
                "its window {} is larger than its input of {}x{}; drop a pooling layer or make the "
                "image larger (features.size)",
                extent_text(pool.size), src[1], src[2]));
        }
        std::string text = fmt::format("{}, {}", extent_text(pool.size), to_string(pool.padding));
        if (strides != pool.size) text += ", strides " + extent_text(strides);
        const Shape dst = add_row(text, src, {1, h.out, w.out, src[3]});
        if (pool.padding == Padding::valid) {
            rows_.back().dropped_rows = static_cast<int>(src[1] - ((h.out - 1) * strides.h + pool.size.h));
            rows_.back().dropped_columns = static_cast<int>(src[2] - ((w.out - 1) * strides.w + pool.size.w));
        }
        return dst;
    }

    Shape visit(const GlobalPool2dLayerSpec&, const Shape& src) {
        require_image(src);
        return add_row("", src, {1, src[3]});
    }

    Shape visit(const BatchNormLayerSpec& norm, const Shape& src) {
        const Shape channels{src[src.rank() - 1]};
        std::string text = fmt::format("momentum {:g}, epsilon {:g}", norm.momentum, norm.epsilon);
        if (norm.statistics_size > 0) text += fmt::format(", over {} clips", norm.statistics_size);
        add_row(std::move(text), src, src);
        add_weights("gamma", channels);
        add_weights("beta", channels);
        add_weights("moving_mean", channels, false);
        add_weights("moving_variance", channels, false);
        return src;
    }

    Shape visit(const ActivationLayerSpec& activation, const Shape& src) {
        return add_row(std::string(to_string(activation.function)), src, src);
    }

    Shape visit(const FlattenLayerSpec&, const Shape& src) { return add_row("", src, {1, src.row_count()}); }

    Shape visit(const DropoutLayerSpec& dropout, const Shape& src) {
        return add_row(fmt::format("rate {:g}", dropout.rate), src, src);
    }

    Shape visit(const DenseLayerSpec& dense, const Shape& src) {
        if (src.rank() != 2) {
            fail(
                "needs plain numbers, but its input is an image; put 'flatten' or a global pooling before "
                "it");
        }
        const int units = dense.units == DenseLayerSpec::kClasses ? classes_ : dense.units;
        const auto activation = dense.sets      ? "sigmoid"
                                : dense.softmax ? "softmax"
                                                : to_string(dense.activation);
        const Shape dst = add_row(fmt::format("{} units, {}", units, activation), src, {1, units});
        add_weights("kernel", {src[1], units});
        if (dense.use_bias) add_weights("bias", {units});
        return dst;
    }

    Shape visit(const ResidualLayerSpec& residual, const Shape& src) {
        const LayerSpec& layer = *layer_;
        const std::string name = name_;
        const Shape body = ShapeWalk(rows_, classes_, name + "/body/").run(residual.body, src);
        const Shape shortcut = ShapeWalk(rows_, classes_, name + "/shortcut/").run(residual.shortcut, src);
        layer_ = &layer;
        name_ = name;
        if (body != shortcut) {
            fail(fmt::format("its body gives {} and its shortcut {}; both must have one shape",
                             to_string(body), to_string(shortcut)));
        }
        return add_row(fmt::format("sum, {}", to_string(residual.activation)), src, body);
    }

    std::vector<LayerRow>& rows_;
    int classes_;
    std::string prefix_;
    LayerNames names_;
    const LayerSpec* layer_ = nullptr;
    std::string name_;
};

bool contains_softmax(const std::vector<LayerSpec>& layers) {
    for (const auto& layer : layers) {
        if (const auto* dense = std::get_if<DenseLayerSpec>(&layer.kind);
            dense != nullptr && dense->softmax) {
            return true;
        }
        if (const auto* residual = std::get_if<ResidualLayerSpec>(&layer.kind)) {
            if (contains_softmax(residual->body) || contains_softmax(residual->shortcut)) return true;
        }
    }
    return false;
}

void require_classifier(const ModelSpec& model, int classes) {
    require(!model.empty(), "the model has no layers");
    const LayerSpec& last = model.back();
    const auto* dense = std::get_if<DenseLayerSpec>(&last.kind);
    const bool fits = dense != nullptr && dense->softmax &&
                      (dense->units == DenseLayerSpec::kClasses || dense->units == classes);
    if (!fits) {
        throw ModelError("the last layer must be 'dense: {units: classes, activation: softmax}'", last);
    }
    for (std::size_t i = 0; i + 1 < model.size(); ++i) {
        if (contains_softmax({model[i]}))
            throw ModelError("softmax belongs to the last layer only", model[i]);
    }
}

}  // namespace

bool take_sigmoid_head(ModelSpec& model) {
    auto* const dense = model.empty() ? nullptr : std::get_if<DenseLayerSpec>(&model.back().kind);
    if (dense == nullptr || dense->softmax || dense->activation != Activation::sigmoid) return false;
    dense->activation = Activation::linear;
    dense->softmax = true;
    dense->sets = true;
    return true;
}

std::string_view type_name(const LayerSpec& layer) {
    if (const auto* pool = std::get_if<Pool2dLayerSpec>(&layer.kind)) {
        return pool->kind == PoolKind::max ? "max_pool2d" : "average_pool2d";
    }
    if (const auto* pool = std::get_if<GlobalPool2dLayerSpec>(&layer.kind)) {
        return pool->kind == PoolKind::max ? "global_max_pool2d" : "global_average_pool2d";
    }
    return std::visit(
        [](const auto& kind) -> std::string_view {
            if constexpr (requires { kind.kName; }) {
                return kind.kName;
            } else {
                return "layer";
            }
        },
        layer.kind);
}

std::vector<LayerRow> describe_model(const ModelSpec& model, const Shape& input, int classes) {
    require_classifier(model, classes);
    std::vector<LayerRow> rows;
    ShapeWalk(rows, classes, "").run(model, input);
    return rows;
}

std::int64_t LayerRow::parameters() const {
    std::int64_t count = 0;
    for (const auto& one : weights) count += one.shape.count();
    return count;
}

std::int64_t parameter_count(const std::vector<LayerRow>& rows) {
    std::int64_t count = 0;
    for (const auto& row : rows) count += row.parameters();
    return count;
}

}  // namespace kickdrum
