// SPDX-License-Identifier: MIT
// In the place of kernels/cuda/conv_plan_check_library_cuda.cu.
#include "kernels/device/conv_plan_check.h"

namespace kickdrum::cuda {

ConvPlanCheck plan_without_device(const ConvProblem&, std::string_view) {
    throw DeviceError(
        "this program runs CUDA on an emulated device and has no cuDNN to ask for plans: configure it with "
        "the "
        "preset 'cuda'");
}

}  // namespace kickdrum::cuda
