// SPDX-License-Identifier: MIT
#include "experiments/predict/segments.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace kickdrum {

SegmentBuilder::SegmentBuilder(int classes, double stride, double hysteresis)
    : classes_(classes), stride_(stride), hysteresis_(hysteresis) {}

void SegmentBuilder::add(const ScoredWindow& window, std::vector<Segment>& done) {
    // Steps whose middle lies before this window's beginning are in no later one, save for one that lies at
    // the track's end, which begins after this one too.
    const auto before = static_cast<std::int64_t>(std::ceil(window.begin / stride_ - 0.5 - 1e-9));
    settle(static_cast<std::size_t>(std::max<std::int64_t>(before, 0)), window.begin, done);
    const auto end = static_cast<std::int64_t>(std::ceil(window.end / stride_ - 0.5 - 1e-9));
    const std::size_t last = std::max(settled_ + 1, static_cast<std::size_t>(std::max<std::int64_t>(end, 0)));
    if (open_.size() < last - settled_) open_.resize(last - settled_);
    for (std::size_t step = settled_; step < last; ++step) {
        Step& sum = open_[step - settled_];
        sum.covered = true;
        if (window.probabilities.empty()) continue;
        sum.sums.resize(static_cast<std::size_t>(classes_));
        for (std::size_t c = 0; c < sum.sums.size(); ++c)
            sum.sums[c] += static_cast<double>(window.probabilities[c]);
        ++sum.windows;
    }
}

void SegmentBuilder::settle(std::size_t count, double track_end, std::vector<Segment>& done) {
    while (settled_ < count && !open_.empty()) {
        const Step step = std::move(open_.front());
        open_.erase(open_.begin());
        Segment one{.begin = static_cast<double>(settled_) * stride_,
                    .end = static_cast<double>(settled_ + 1) * stride_,
                    .probabilities = {}};
        // The last step ends with the track, and takes what is less than half a step behind it.
        if (open_.empty() && settled_ + 1 >= count && track_end > one.begin) one.end = track_end;
        if (step.windows > 0) {
            one.probabilities = step.sums;
            for (double& value : one.probabilities) value /= step.windows;
            one.label = ranking(one.probabilities).front();
        }
        ++settled_;
        steps_.push_back(one);
        join(one, done);
    }
}

void SegmentBuilder::finish(double track_end, std::vector<Segment>& done) {
    settle(settled_ + open_.size(), track_end, done);
    if (!current_) return;
    for (double& sum : current_->probabilities) sum /= current_->end - current_->begin;
    done.push_back(*std::exchange(current_, std::nullopt));
}

void SegmentBuilder::join(const Segment& step, std::vector<Segment>& done) {
    const auto at = [&](int label) { return step.probabilities[static_cast<std::size_t>(label)]; };
    const bool same_kind = current_ && (current_->label == kSilence) == (step.label == kSilence);
    const bool goes_on = same_kind && (step.label == kSilence || step.label == current_->label ||
                                       at(step.label) < at(current_->label) + hysteresis_);
    if (!goes_on) {
        if (current_) {
            for (double& sum : current_->probabilities) sum /= current_->end - current_->begin;
            done.push_back(*std::exchange(current_, std::nullopt));
        }
        current_ = {.begin = step.begin, .end = step.begin, .label = step.label, .probabilities = {}};
        current_->probabilities.resize(step.probabilities.size());
    }
    for (std::size_t c = 0; c < step.probabilities.size(); ++c)
        current_->probabilities[c] += step.probabilities[c] * (step.end - step.begin);
    current_->end = step.end;
}

std::vector<int> ranking(std::span<const double> probabilities) {
    std::vector<int> order(probabilities.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](int a, int b) {
        return probabilities[static_cast<std::size_t>(a)] > probabilities[static_cast<std::size_t>(b)];
    });
    return order;
}

}  // namespace kickdrum
