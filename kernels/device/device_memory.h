// SPDX-License-Identifier: MIT
// Memory that a context's device has left.
#pragma once

#include <cstddef>

#include "kernels/device/context.h"

namespace kickdrum {

// Bytes, at this moment: whoever else uses the device may take them. Throws DeviceError.
std::size_t free_device_memory(Context& context);

namespace cpu {
std::size_t free_device_memory(Context& context);
}  // namespace cpu
namespace cuda {
std::size_t free_device_memory(Context& context);
}  // namespace cuda

}  // namespace kickdrum
