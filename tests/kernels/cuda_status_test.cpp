// SPDX-License-Identifier: MIT
// Every reason why CUDA can't be used, and what a person is told to do about it.
#include "kernels/device/cuda_status.h"

#include <gmock/gmock.h>

#include <set>

#include "kernels/device/device.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

GpuFacts h100() {
    return {.name = "NVIDIA H100 80GB HBM3",
            .architecture = 90,
            .memory_bytes = 85'000'000'000,
            .multiprocessors = 132};
}
GpuFacts t4() {
    return {.name = "Tesla T4", .architecture = 75, .memory_bytes = 15'800'000'000, .multiprocessors = 40};
}

CudaFacts everything_there() {
    CudaFacts facts;
    facts.built = true;
    facts.runtime = 13000;
    facts.driver = 13000;
    facts.driver_release = "580.65.06";
    facts.gpus = {h100()};
    facts.cudnn_built = 91900;
    facts.cudnn = 91900;
    return facts;
}

TEST(CudaStatus, UsableWhereEverythingIsThere) {
    const CudaStatus status = judge(everything_there());
    EXPECT_TRUE(status.usable());
    EXPECT_EQ(status.what, "");
    EXPECT_EQ(status.remedy, "");
    CudaFacts newer = everything_there();
    newer.driver = 13020;
    newer.cudnn = 92100;
    newer.gpus[0].architecture = 120;
    EXPECT_TRUE(judge(newer).usable());
}

TEST(CudaStatus, BuiltWithout) {
    const CudaStatus status = judge({});
    EXPECT_EQ(status.problem, CudaProblem::not_built);
    EXPECT_EQ(status.what, "this program was built without CUDA");
    EXPECT_THAT(status.remedy,
                AllOf(HasSubstr("--preset cuda"), HasSubstr("CUDA toolkit 13.0"), HasSubstr("cuDNN 9")));
}

TEST(CudaStatus, NoDriver) {
    CudaFacts facts = everything_there();
    facts.driver = 0;
    facts.driver_release = "";
    facts.error = 35;
    facts.gpus = {};
    CudaStatus status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::no_driver);
    EXPECT_EQ(status.what, "no NVIDIA driver was found (libcuda.so.1)");
    EXPECT_THAT(status.remedy, AllOf(HasSubstr("driver for CUDA 13.0 or newer, release 580 or newer"),
                                     HasSubstr("--gpus all")));
    facts.driver_release = "580.65.06";
    EXPECT_THAT(judge(facts).what, HasSubstr("though its module 580.65.06 is loaded"));
}

TEST(CudaStatus, TheStubInsteadOfTheDriver) {
    CudaFacts facts = everything_there();
    facts.error = 34;
    facts.gpus = {};
    const CudaStatus status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::no_driver);
    EXPECT_THAT(status.what, HasSubstr("stub"));
    EXPECT_THAT(status.remedy, HasSubstr("LD_LIBRARY_PATH"));
}

TEST(CudaStatus, DriverTooOld) {
    CudaFacts facts = everything_there();
    facts.driver = 12040;
    facts.driver_release = "550.54.15";
    facts.error = 35;
    facts.gpus = {};
    const CudaStatus status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::driver_too_old);
    EXPECT_EQ(status.what,
              "the NVIDIA driver 550.54.15 is too old: it knows CUDA up to 12.4, this program needs 13.0");
    EXPECT_EQ(status.remedy, "install an NVIDIA driver for CUDA 13.0 or newer, release 580 or newer");
}

TEST(CudaStatus, NoGpu) {
    CudaFacts facts = everything_there();
    facts.gpus = {};
    for (const int error : {0, 100}) {
        facts.error = error;
        facts.visible_devices.reset();
        CudaStatus status = judge(facts);
        EXPECT_EQ(status.problem, CudaProblem::no_gpu);
        EXPECT_THAT(status.remedy, AllOf(HasSubstr("nvidia-smi"), HasSubstr("--gpus all")));
        facts.visible_devices = "-1";
        status = judge(facts);
        EXPECT_THAT(status.remedy,
                    AllOf(HasSubstr("CUDA_VISIBLE_DEVICES is '-1'"), Not(HasSubstr("nvidia-smi"))));
    }
}

TEST(CudaStatus, GpuTooOld) {
    CudaFacts facts = everything_there();
    facts.gpus = {t4()};
    CudaStatus status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::gpu_too_old);
    EXPECT_THAT(status.what, AllOf(HasSubstr("'Tesla T4'"), HasSubstr("sm_75"), HasSubstr("sm_80")));
    EXPECT_THAT(status.remedy, HasSubstr("8.0 or newer"));
    facts.gpus = {t4(), t4(), h100()};
    status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::gpu_too_old);
    EXPECT_EQ(status.remedy, "choose 'NVIDIA H100 80GB HBM3': set CUDA_VISIBLE_DEVICES=2");
}

TEST(CudaStatus, CudnnMissingOrTooOld) {
    CudaFacts facts = everything_there();
    facts.cudnn = 0;
    facts.cudnn_error = "libcudnn_graph.so.9: cannot open shared object file";
    CudaStatus status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::no_cudnn);
    EXPECT_EQ(status.what, "cuDNN can't be loaded: libcudnn_graph.so.9: cannot open shared object file");
    EXPECT_THAT(status.remedy,
                HasSubstr("install cuDNN 9.19.0 or newer of the same major version, for CUDA 13"));
    facts.cudnn = 90100;
    status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::cudnn_too_old);
    EXPECT_EQ(status.what, "cuDNN 9.1.0 is too old: this program was built with 9.19.0");
}

TEST(CudaStatus, ALibraryOfTheToolkitMissing) {
    CudaFacts facts = everything_there();
    facts.library_error = "libcufft.so.12: cannot open shared object file";
    const CudaStatus status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::no_library);
    EXPECT_THAT(status.what, HasSubstr("can't be loaded: libcufft.so.12: cannot open"));
    EXPECT_THAT(status.remedy, HasSubstr("libraries of the CUDA toolkit 13.0"));
}

TEST(CudaStatus, AnyOtherErrorIsShownAsItIs) {
    CudaFacts facts = everything_there();
    facts.error = 999;
    facts.error_text = "cudaErrorUnknown: unknown error";
    facts.gpus = {};
    const CudaStatus status = judge(facts);
    EXPECT_EQ(status.problem, CudaProblem::other);
    EXPECT_EQ(status.what, "CUDA doesn't start: cudaErrorUnknown: unknown error (error 999)");
    EXPECT_NE(status.remedy, "");
}

TEST(CudaStatus, EachProblemHasAName) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(CudaProblem::other); ++i)
        names.insert(to_string(static_cast<CudaProblem>(i)));
    EXPECT_EQ(names.size(), 10U);
    EXPECT_FALSE(names.contains("?"));
}

TEST(CudaStatus, OfThisComputerAgreesWithTheDevices) {
    const CudaStatus status = cuda_status();
    const auto devices = available_devices();
    EXPECT_EQ(status.usable(), std::find(devices.begin(), devices.end(), Device::cuda) != devices.end());
    EXPECT_EQ(status.usable(), status.what.empty());
    EXPECT_EQ(status.usable(), status.remedy.empty());
}

TEST(CudaStatus, TheDriversReleaseIsRead) {
    EXPECT_EQ(driver_release_in(
                  "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC "
                  "2024\nGCC version:  gcc version 12.2.0\n"),
              "550.54.15");
    EXPECT_EQ(driver_release_in(
                  "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\n"),
              "580.65.06");
    EXPECT_EQ(driver_release_in(""), "");
    EXPECT_EQ(driver_release_in("nothing here"), "");
}

}  // namespace
}  // namespace kickdrum
