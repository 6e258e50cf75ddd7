// SPDX-License-Identifier: MIT
#include "experiments/commands/cuda_status_text.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace kickdrum {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::Pair;

CudaFacts two_gpus() {
    CudaFacts facts;
    facts.built = true;
    facts.runtime = 13000;
    facts.driver = 13010;
    facts.driver_release = "580.65.06";
    facts.cudnn_built = 91900;
    facts.cudnn = 92001;
    facts.libraries = {{"cuFFT", "12.0.0"}, {"cuBLASLt", "13.1.0"}};
    facts.gpus = {
        {.name = "NVIDIA H100", .architecture = 90, .memory_bytes = 80ULL << 30, .multiprocessors = 132},
        {.name = "NVIDIA A100", .architecture = 80, .memory_bytes = 40ULL << 30, .multiprocessors = 108}};
    return facts;
}

TEST(CudaStatusText, NamesGpusAndVersions) {
    EXPECT_THAT(
        cuda_lines(judge(two_gpus())),
        ElementsAre(
            Pair("CUDA", "usable"),
            Pair("",
                 "runtime 13.0, driver 580.65.06 for CUDA 13.1, cuDNN 9.20.1, cuBLASLt 13.1.0, cuFFT 12.0.0"),
            Pair("GPU 0", "NVIDIA H100, sm_90, 80.0 GiB memory, 132 multiprocessors; the one that is used"),
            Pair("GPU 1", "NVIDIA A100, sm_80, 40.0 GiB memory, 108 multiprocessors")));
    const json document = cuda_json(judge(two_gpus()));
    EXPECT_EQ(document.at("available"), true);
    EXPECT_FALSE(document.contains("problem"));
    EXPECT_EQ(document.at("runtime"), "13.0");
    EXPECT_EQ(document.at("driver"), "580.65.06");
    EXPECT_EQ(document.at("libraries").at("cuDNN"), "9.20.1");
    EXPECT_EQ(document.at("gpus").size(), 2U);
    EXPECT_EQ(document.at("gpus").at(1).at("architecture"), "sm_80");
    EXPECT_EQ(document.at("gpus").at(0).at("memory_bytes"), 80ULL << 30);
}

TEST(CudaStatusText, SaysWhatIsWrongAndWhatToDo) {
    const CudaStatus without = judge({});
    EXPECT_THAT(cuda_lines(without), ElementsAre(Pair("CUDA", "can't be used: " + without.what),
                                                 Pair("", "what to do: " + without.remedy)));
    EXPECT_EQ(cuda_json(without), nlohmann::ordered_json({{"available", false},
                                                          {"built", false},
                                                          {"problem", "not_built"},
                                                          {"why", without.what},
                                                          {"remedy", without.remedy}}));
    CudaFacts facts = two_gpus();
    facts.gpus = {};
    facts.driver = 0;
    facts.error = 35;
    facts.cudnn = 0;
    const CudaStatus status = judge(facts);
    const json document = cuda_json(status);
    EXPECT_EQ(document.at("problem"), "no_driver");
    EXPECT_FALSE(document.contains("driver_cuda"));
    EXPECT_FALSE(document.at("libraries").contains("cuDNN"));
    EXPECT_TRUE(document.at("gpus").empty());
    EXPECT_THAT(cuda_lines(status).at(2), Pair("", "runtime 13.0, cuBLASLt 13.1.0, cuFFT 12.0.0"));
}

}  // namespace
}  // namespace kickdrum
