// SPDX-License-Identifier: MIT
// A constant table of the host in the device's memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "kernels/device/buffer.h"
#include "kernels/device/transfer.h"

namespace kickdrum::cuda {

template <class T>
class DeviceTable {
    static_assert(std::is_trivially_copyable_v<T>);

 public:
    DeviceTable(Context& context, const std::vector<T>& values)
        : buffer_(context, std::max<std::size_t>(values.size(), 1) * sizeof(T)) {
        const auto bytes = static_cast<std::int64_t>(values.size() * sizeof(T));
        if (bytes > 0) upload(context, values.data(), buffer_.tensor({bytes}, DType::u8));
    }
    const T* data() const { return static_cast<const T*>(buffer_.data()); }

 private:
    Buffer buffer_;
};

}  // namespace kickdrum::cuda
