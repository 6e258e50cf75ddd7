// SPDX-License-Identifier: MIT
#include "kernels/device/context.h"

#include <algorithm>
#include <thread>

#include "kernels/device/context_backend.h"
#include "kernels/device/dispatch.h"
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

Math choose_math(const ContextOptions& options) {
    require(options.device == Device::cuda || options.math == Math::fp32,
            "the CPU computes in fp32 only, not in {}", to_string(options.math));
    return options.math;
}

// There is no state to destroy on the CPU.
void destroy_nothing(cuda::ContextState*) {}

std::unique_ptr<cuda::ContextState, void (*)(cuda::ContextState*)> make_cuda_state(Device device) {
    if (device == Device::cuda) {
        if constexpr (kWithCuda) return {cuda::make_context_state(), &cuda::destroy_context_state};
        throw DeviceError("this program was built without CUDA; configure it with the preset 'cuda'");
    }
    return {nullptr, &destroy_nothing};
}

}  // namespace

Context::Context(const ContextOptions& options)
    : device_(options.device),
      simd_(choose_simd(options)),
      math_(choose_math(options)),
      deterministic_(options.deterministic),
      cuda_state_(make_cuda_state(options.device)),
      pool_(choose_threads(options)) {}

Context::~Context() = default;

}  // namespace kickdrum
