// SPDX-License-Identifier: MIT
// What the backends give to Context and Buffer. For kernels/device only.
#pragma once

#include <cstddef>

#include "kernels/device/context.h"

namespace kickdrum {

namespace cpu {
// Zero-filled memory; at least 64 readable bytes follow it. Throws std::bad_alloc.
void* allocate(Context& context, std::size_t bytes);
void release(Context& context, void* memory) noexcept;
}  // namespace cpu

namespace cuda {
// On the first GPU that is visible. Throws DeviceError where there's none that can be used.
ContextState* make_context_state();
void destroy_context_state(ContextState* state);

// Zero-filled before anything that the context's stream runs later. Throws OutOfDeviceMemory.
void* allocate(Context& context, std::size_t bytes);
void release(Context& context, void* memory) noexcept;
}  // namespace cuda

}  // namespace kickdrum
