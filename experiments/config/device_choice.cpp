// SPDX-License-Identifier: MIT
#include "experiments/config/device_choice.h"

#include <fmt/format.h>

#include "experiments/diagnostics.h"

namespace kickdrum {

Device choose_device(const ExperimentConfig& config) {
    if (config.device == DeviceChoice::cpu) return Device::cpu;
    return choose_device(config.device, cuda_status());
}

Device choose_device(DeviceChoice choice, const CudaStatus& status) {
    switch (choice) {
        case DeviceChoice::cpu: return Device::cpu;
        case DeviceChoice::automatic: return status.usable() ? Device::cuda : Device::cpu;
        case DeviceChoice::cuda: break;
    }
    if (!status.usable()) throw UserError(ExitCode::environment, cuda_refusal(status));
    return Device::cuda;
}

std::string cuda_refusal(const CudaStatus& status) {
    return fmt::format(
        "'device: cuda' can't be had: {}. What to do: {}; or compute on the CPU with 'device: cpu'",
        status.what, status.remedy);
}

}  // namespace kickdrum
