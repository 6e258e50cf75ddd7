// SPDX-License-Identifier: MIT
// On which device an experiment computes.
#pragma once

#include <string>

#include "experiments/config/experiment_config.h"
#include "kernels/device/cuda_status.h"
#include "kernels/device/device.h"

namespace kickdrum {

// Where `config` computes. Looks at the computer unless the answer is the CPU anyway.
Device choose_device(const ExperimentConfig& config);

// auto: the GPU where there is one that can be used, else the CPU. Throws UserError (exit code 4) where
// `cuda` is asked for and can't be had; the message says why and what to do.
Device choose_device(DeviceChoice choice, const CudaStatus& status);

// "'device: cuda' can't be had: no NVIDIA driver was found ...; install ...; or compute on the CPU: device:
// cpu"
std::string cuda_refusal(const CudaStatus& status);

}  // namespace kickdrum
