// SPDX-License-Identifier: MIT
// One test body for every device: a fixture parameterised by where it runs. What this computer can't run
// reports SKIPPED; nothing is compiled away.
//
//   class DenseTest : public DeviceTest {};
//   TEST_P(DenseTest, MatchesReference) { Context& context = this->context(); ... }
//   INSTANTIATE_FOR_DEVICES(DenseTest);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>

#include "kernels/device/buffer.h"
#include "kernels/device/context.h"
#include "kernels/device/dispatch.h"

namespace kickdrum {

struct TestTarget {
    Device device = Device::cpu;
    SimdLevel simd = SimdLevel::portable;

    std::string name() const {
        return device == Device::cuda ? "cuda" : "cpu_" + std::string(to_string(simd));
    }
    // NOLINTNEXTLINE(readability-identifier-naming): GoogleTest looks for this name
    friend void PrintTo(const TestTarget& target, std::ostream* out) { *out << target.name(); }
};

class DeviceTest : public testing::TestWithParam<TestTarget> {
 protected:
    void SetUp() override {
        if (on_cpu() && GetParam().simd > best_simd_level()) {
            GTEST_SKIP() << "this processor has no " << to_string(GetParam().simd);
        }
        const auto devices = available_devices();
        if (!on_cpu() && std::find(devices.begin(), devices.end(), Device::cuda) == devices.end()) {
            GTEST_SKIP() << (kWithCuda ? "there is no GPU" : "this build has no CUDA");
        }
        context_ = make_context(2);
    }
    static bool on_cpu() { return GetParam().device == Device::cpu; }
    // threads: of the CPU backend. math: CUDA only.
    static std::unique_ptr<Context> make_context(int threads, Math math = Math::fp32) {
        ContextOptions options{.device = GetParam().device, .threads = threads, .math = math};
        if (on_cpu()) options.simd = GetParam().simd;
        return std::make_unique<Context>(options);
    }
    Context& context() { return *context_; }

 private:
    std::unique_ptr<Context> context_;
};

#define INSTANTIATE_FOR_DEVICES(Fixture)                                                                  \
    INSTANTIATE_TEST_SUITE_P(                                                                             \
        Devices, Fixture,                                                                                 \
        testing::Values(::kickdrum::TestTarget{::kickdrum::Device::cpu, ::kickdrum::SimdLevel::portable}, \
                        ::kickdrum::TestTarget{::kickdrum::Device::cpu, ::kickdrum::SimdLevel::avx2},     \
                        ::kickdrum::TestTarget{::kickdrum::Device::cpu, ::kickdrum::SimdLevel::avx512},   \
                        ::kickdrum::TestTarget{::kickdrum::Device::cuda}),                                \
        [](const testing::TestParamInfo<::kickdrum::TestTarget>& target) { return target.param.name(); })

}  // namespace kickdrum
