// SPDX-License-Identifier: MIT
// One test body for every instruction set of dsp's kernels; what this processor lacks reports SKIPPED.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "kernels/device/device.h"

namespace kickdrum {

inline void PrintTo(SimdLevel level, std::ostream* out) {
    *out << to_string(level);
}

class SimdTest : public testing::TestWithParam<SimdLevel> {
 protected:
    void SetUp() override {
        if (simd() > best_simd_level()) GTEST_SKIP() << "this processor has no " << to_string(simd());
    }
    SimdLevel simd() const { return GetParam(); }
};

#define INSTANTIATE_FOR_SIMD_LEVELS(Fixture)                                                               \
    INSTANTIATE_TEST_SUITE_P(SimdLevels, Fixture,                                                          \
                             testing::Values(::kickdrum::SimdLevel::portable, ::kickdrum::SimdLevel::avx2, \
                                             ::kickdrum::SimdLevel::avx512),                               \
                             [](const testing::TestParamInfo<::kickdrum::SimdLevel>& level) {              \
                                 return std::string(to_string(level.param));                               \
                             })

}  // namespace kickdrum
