// SPDX-License-Identifier: MIT
#include "nn/layers/sequential.h"

namespace kickdrum {
namespace {

Tensor rows_of(const Tensor& full, std::int64_t rows) {
    return full.first_rows(rows);
}

// Of the layers behind the first one.
Pass without_rows(Pass pass) {
    pass.rows = {};
    return pass;
}

}  // namespace

// Whether layer i writes its dst over its src: both must be links, and nobody may read the old values later.
bool Sequential::value_in_place(std::size_t layer, bool training) const {
    return layer > 0 && layer + 1 < layers_.size() && layers_[layer]->works_in_place() &&
           !(training && (layers_[layer - 1]->backward_reads_dst() || layers_[layer]->backward_reads_src()));
}

bool Sequential::diff_in_place(std::size_t layer) const {
    return layer > 0 && layer + 1 < layers_.size() && layers_[layer]->works_in_place();
}

Shape Sequential::plan(Planning& planning, const Shape& src) {
    require(!layers_.empty(), "{}: a chain of no layers can't be planned", name());
    links_.resize(layers_.size() - 1);
    dtype_ = planning.context.activation_dtype();
    std::vector<int> ticks(layers_.size());
    std::vector<int> last_ticks(layers_.size());  // of layers that take several, such as a residual block
    Shape shape = src;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        ticks[i] = ++planning.tick;
        shape = layers_[i]->plan(planning, shape);
        last_ticks[i] = planning.tick;
        if (i < links_.size()) links_[i].shape = shape;
    }
    for (std::size_t i = 0; i < links_.size(); ++i) {
        // Value i is written by layer i, read by layer i + 1, and perhaps by the backward pass of either.
        int last = last_ticks[i + 1];
        if (planning.training && layers_[i + 1]->backward_reads_src()) last = backward_tick(ticks[i + 1]);
        if (planning.training && layers_[i]->backward_reads_dst()) last = backward_tick(ticks[i]);
        if (value_in_place(i, planning.training)) {
            links_[i].value = links_[i - 1].value;
            planning.memory.extend(links_[i].value, last);
        } else {
            links_[i].value =
                planning.memory.request(planning.activation_bytes(links_[i].shape), ticks[i], last);
        }
    }
    for (std::size_t i = planning.training ? links_.size() : 0; i-- > 0;) {
        // Its gradient is written by layer i + 1 and read by layer i, in backward.
        const int first = backward_tick(last_ticks[i + 1]);
        const int last = backward_tick(ticks[i]);
        if (diff_in_place(i + 1)) {
            links_[i].diff = links_[i + 1].diff;
            planning.memory.extend(links_[i].diff, last);
        } else {
            links_[i].diff = planning.memory.request(planning.activation_bytes(links_[i].shape), first, last);
        }
    }
    return shape;
}

void Sequential::bind(const Arena& arena, const ParameterStore& parameters) {
    for (auto& layer : layers_) layer->bind(arena, parameters);
    for (auto& link : links_) {
        link.value_tensor = arena.tensor(link.value, link.shape, dtype_);
        link.diff_tensor = arena.tensor(link.diff, link.shape, dtype_);
    }
}

void Sequential::freeze(bool frozen) {
    Layer::freeze(frozen);
    for (auto& layer : layers_) layer->freeze(frozen);
}

void Sequential::forward(Context& context, const Pass& pass, Tensor src, Tensor dst) {
    const std::int64_t rows = dst.rows();
    const Pass inner = without_rows(pass);
    Tensor value = src;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const Tensor next = i < links_.size() ? rows_of(links_[i].value_tensor, rows) : dst;
        layers_[i]->forward(context, i == 0 ? pass : inner, value, next);
        value = next;
    }
}

void Sequential::backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                          Tensor diff_src) {
    const std::int64_t rows = diff_dst.rows();
    const Pass inner = without_rows(pass);
    Tensor diff = diff_dst;
    for (std::size_t i = layers_.size(); i-- > backward_end_;) {
        const Tensor layer_src = i == 0 ? src : rows_of(links_[i - 1].value_tensor, rows);
        const Tensor layer_dst = i < links_.size() ? rows_of(links_[i].value_tensor, rows) : dst;
        Tensor next;
        if (i > backward_end_) {
            next = rows_of(links_[i - 1].diff_tensor, rows);
        } else if (i == 0) {
            next = diff_src;
        }
        layers_[i]->backward(context, i == 0 ? pass : inner, layer_src, layer_dst, diff, next);
        diff = next;
    }
}

}  // namespace kickdrum
