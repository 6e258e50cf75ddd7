// SPDX-License-Identifier: MIT
#include "experiments/predict/read_ahead.h"

#include <utility>

#include "dsp/resample.h"

namespace kickdrum {
namespace {

constexpr double kPieceSeconds = 0.5;  // of a stream that is live, this is how late a result may be
constexpr std::size_t kMostPieces = 64;

}  // namespace

ReadAhead::ReadAhead(std::function<std::unique_ptr<SampleSource>()> open, int sample_rate)
    : open_(std::move(open)), sample_rate_(sample_rate), thread_([this] { read_all(); }) {}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void ReadAhead::read_all() {
    try {
        const auto source = open_();
        StreamResampler resampler(source->sample_rate(), sample_rate_);
        std::vector<float> raw(static_cast<std::size_t>(source->sample_rate() * kPieceSeconds) + 1);
        for (;;) {
            const std::size_t read = source->read(raw);
            std::vector<float> piece;
            resampler.push(std::span(raw).first(read), piece);
            const bool end = read < raw.size();
            if (end) resampler.finish(piece);
            if (!piece.empty() && !put(std::move(piece))) return;
            if (end) break;
        }
    } catch (...) {
        const std::lock_guard lock(mutex_);
        error_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

bool ReadAhead::put(std::vector<float> piece) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return pieces_.size() < kMostPieces || abandoned_; });
    if (abandoned_) return false;
    pieces_.push_back(std::move(piece));
    changed_.notify_all();
    return true;
}

std::vector<float> ReadAhead::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !pieces_.empty() || ended_; });
    if (pieces_.empty()) {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        return {};
    }
    std::vector<float> piece = std::move(pieces_.front());
    pieces_.pop_front();
    changed_.notify_all();
    return piece;
}

bool ReadAhead::would_wait() const {
    const std::lock_guard lock(mutex_);
    return pieces_.empty() && !ended_;
}

}  // namespace kickdrum
