// SPDX-License-Identifier: MIT
#include "experiments/config/device_choice.h"

#include <gmock/gmock.h>

#include "experiments/diagnostics.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

const CudaStatus kUsable{};
const CudaStatus kBroken{
    .facts = {}, .problem = CudaProblem::no_gpu, .what = "the driver shows no GPU", .remedy = "put one in"};

TEST(DeviceChoice, AutoTakesTheGpuWhereThereIsOne) {
    EXPECT_EQ(choose_device(DeviceChoice::automatic, kUsable), Device::cuda);
    EXPECT_EQ(choose_device(DeviceChoice::automatic, kBroken), Device::cpu);
    EXPECT_EQ(choose_device(DeviceChoice::cpu, kUsable), Device::cpu);
    EXPECT_EQ(choose_device(DeviceChoice::cuda, kUsable), Device::cuda);
}

TEST(DeviceChoice, CudaThatCantBeHadIsAnErrorOfTheEnvironment) {
    try {
        choose_device(DeviceChoice::cuda, kBroken);
        FAIL() << "no error";
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::environment);
        EXPECT_STREQ(
            error.what(),
            "error: 'device: cuda' can't be had: the driver shows no GPU. What to do: put one in; or compute "
            "on the CPU with 'device: cpu'");
    }
}

}  // namespace
}  // namespace kickdrum
