// SPDX-License-Identifier: MIT
// The one place that knows which backends are compiled in. KICKDRUM_DISPATCH(context, make_conv2d(context,
// ...)) calls cpu::make_conv2d or cuda::make_conv2d, by the context's device.
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/error.h"

namespace kickdrum {

#if defined(KICKDRUM_WITH_CUDA)
constexpr bool kWithCuda = true;
#define KICKDRUM_DISPATCH(context, ...) \
    ((context).device() == ::kickdrum::Device::cuda ? cuda::__VA_ARGS__ : cpu::__VA_ARGS__)
#else
constexpr bool kWithCuda = false;
#define KICKDRUM_DISPATCH(context, ...) (::kickdrum::require_cpu(context), cpu::__VA_ARGS__)
#endif

inline void require_cpu(const Context& context) {
    if (context.device() != Device::cpu) {
        throw DeviceError("this program was built without CUDA; configure it with the preset 'cuda'");
    }
}

}  // namespace kickdrum
