// SPDX-License-Identifier: MIT
#include "kernels/device/context.h"

#include <algorithm>
#include <thread>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

SimdLevel choose_simd(const ContextOptions& options) {
    const SimdLevel best = best_simd_level();
    const SimdLevel level = options.simd.value_or(best);
    require(level <= best, "this processor can't run {}, its best is {}", to_string(level), to_string(best));
    return level;
}

int choose_threads(const ContextOptions& options) {
    if (options.threads > 0) return options.threads;
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

Context::Context(const ContextOptions& options)
    : device_(options.device), simd_(choose_simd(options)), pool_(choose_threads(options)) {
    const auto devices = available_devices();
    if (std::find(devices.begin(), devices.end(), device_) == devices.end()) {
        throw DeviceError(fmt::format("device '{}' isn't available in this build on this computer",
                                      to_string(device_)));
    }
}

Context::~Context() = default;

}  // namespace kickdrum
