// SPDX-License-Identifier: MIT
#include "kernels/ops/weights_layout.h"

#include <gtest/gtest.h>

#include <vector>

namespace kickdrum {
namespace {

TEST(WeightsLayoutTest, MovesTheOutputChannelToTheFront) {
    const Shape hwio{2, 3, 4, 5};
    std::vector<float> src(120);
    for (std::size_t i = 0; i < src.size(); ++i) src[i] = static_cast<float>(i);
    std::vector<float> ohwi(120);
    hwio_to_ohwi(hwio, src, ohwi);
    for (std::size_t h = 0; h < 2; ++h) {
        for (std::size_t w = 0; w < 3; ++w) {
            for (std::size_t i = 0; i < 4; ++i) {
                for (std::size_t o = 0; o < 5; ++o) {
                    EXPECT_EQ(ohwi[((o * 2 + h) * 3 + w) * 4 + i], src[((h * 3 + w) * 4 + i) * 5 + o]);
                }
            }
        }
    }
    std::vector<float> back(120);
    ohwi_to_hwio(hwio, ohwi, back);
    EXPECT_EQ(back, src);
}

TEST(WeightsLayoutTest, RejectsWhatDoesNotFit) {
    std::vector<float> src(12), dst(11);
    EXPECT_THROW(hwio_to_ohwi({1, 3, 2, 2}, src, dst), InvalidArgument);
    EXPECT_THROW(ohwi_to_hwio({3, 4}, src, src), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
