// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace kickdrum {

// Floats at a multiple of 64 bytes; grows, never shrinks.
class AlignedFloats {
 public:
    // Their contents are lost where it has to grow.
    float* at_least(std::int64_t count) {
        const auto needed = static_cast<std::size_t>(count);
        if (needed > size_) {
            memory_.reset(static_cast<float*>(::operator new(needed * sizeof(float), kAlignment)));
            size_ = needed;
        }
        return memory_.get();
    }
    float* data() const { return memory_.get(); }

 private:
    static constexpr std::align_val_t kAlignment{64};
    struct Free {
        void operator()(float* p) const { ::operator delete(p, kAlignment); }
    };
    std::unique_ptr<float, Free> memory_;
    std::size_t size_ = 0;
};

// samples[first, first + count), with zeros where there are none: there, or in `copy`.
const float* padded_piece(std::span<const float> samples, std::int64_t first, std::int64_t count,
                          AlignedFloats& copy);

}  // namespace kickdrum
