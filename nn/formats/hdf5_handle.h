// SPDX-License-Identifier: MIT
// What both halves of hdf5_file.h need of the library. For the files hdf5_*.cpp only.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

#include "kernels/device/error.h"

namespace kickdrum::hdf5 {

// Closes what it holds.
class Handle {
 public:
    using Close = herr_t (*)(hid_t);
    Handle() = default;
    Handle(hid_t id, Close close) : id_(id), close_(close) {}
    ~Handle() {
        if (id_ >= 0) close_(id_);
    }
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    hid_t get() const { return id_; }
    explicit operator bool() const { return id_ >= 0; }

 private:
    hid_t id_ = -1;
    Close close_ = nullptr;
};

// Debian's library serves one thread at a time; held by every public function. The first call also keeps it
// from printing, and from loading code that a file asks for (filters as plugins).
inline std::unique_lock<std::mutex> lock_library() {
    static std::mutex mutex;
    std::unique_lock lock(mutex);
    static const bool quiet = [] {
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        H5PLset_loading_state(0);
        return true;
    }();
    static_cast<void>(quiet);
    return lock;
}

}  // namespace kickdrum::hdf5
