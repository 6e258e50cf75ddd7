// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace kickdrum {

// Working memory for threads that come and go: each borrows one that nobody uses, or gets a new one.
template <class Scratch>
class ScratchPool {
 public:
    struct Return {
        void operator()(Scratch* scratch) const {
            const std::lock_guard lock(pool->mutex_);
            pool->free_.emplace_back(scratch);
        }
        ScratchPool* pool;
    };
    using Borrowed = std::unique_ptr<Scratch, Return>;

    // Comes back when the result goes. The pool must outlive it.
    Borrowed borrow() {
        const std::lock_guard lock(mutex_);
        if (free_.empty()) return Borrowed(new Scratch, Return{this});
        Scratch* const scratch = free_.back().release();
        free_.pop_back();
        return Borrowed(scratch, Return{this});
    }

 private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Scratch>> free_;
};

}  // namespace kickdrum
