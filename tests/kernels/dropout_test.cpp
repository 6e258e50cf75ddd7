// SPDX-License-Identifier: MIT
#include "kernels/ops/dropout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class DropoutTest : public DeviceTest {
 protected:
    void drop(float rate, std::uint64_t step, const Tensor& src, const Tensor& dst,
              RandomStream stream = random_stream(42, "dropout/3")) {
        const TestState state(context(), {.step = step});
        dropout(context(), rate, stream, state, src, dst);
    }
};
INSTANTIATE_FOR_DEVICES(DropoutTest);

const RandomStream kStream = random_stream(42, "dropout/3");

// The header's sentence, element by element.
std::vector<float> reference(const std::vector<float>& src, float rate, std::uint64_t step) {
    std::vector<float> dst(src.size());
    for (std::size_t e = 0; e < src.size(); ++e) {
        const Philox4 words = philox(kStream, e / 4, step);
        dst[e] = uniform01(words[e % 4]) >= rate ? src[e] * (1 / (1 - rate)) : 0;
    }
    return dst;
}

TEST_P(DropoutTest, MaskIsTheDocumentedOne) {
    const std::uint64_t far_step = 0x123456789ABCDEF0ULL;
    for (const std::int64_t count : {1, 3, 4, 31, 32, 63, 64, 16384, 16387, on_cpu() ? 40001 : 20001}) {
        for (const float rate : {0.1F, 0.5F, 0.75F, 0.9999F}) {
            for (const std::uint64_t step : {std::uint64_t{1}, far_step}) {
                TestTensor src(context(), {count});
                TestTensor dst(context(), {count});
                const auto expected = reference(src.randomize("x").values(), rate, step);
                drop(rate, step, src, dst);
                ASSERT_EQ(dst.values(), expected) << count << " elements, rate " << rate;
                drop(rate, step, src, src);
                ASSERT_EQ(src.values(), expected) << "in place";
            }
        }
    }
}

TEST_P(DropoutTest, DrawsTheSameMaskInBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    for (const std::int64_t count : {1, 7, 8, 4099}) {
        TestTensor src(context(), {count}, DType::bf16);
        TestTensor dst(context(), {count}, DType::bf16);
        auto expected = reference(src.randomize("x").values(), 0.3F, 9);
        for (auto& value : expected) value = round_to_bf16(value);
        drop(0.3F, 9, src, dst);
        EXPECT_EQ(dst.values(), expected);
    }
}

TEST_P(DropoutTest, KeepsTheStatedShare) {
    const std::int64_t count = on_cpu() ? 1000000 : 100000;  // an emulated GPU is slow
    TestTensor ones(context(), {count});
    TestTensor dst(context(), {count});
    ones.assign(std::vector<float>(static_cast<std::size_t>(count), 1));
    for (const float rate : {0.2F, 0.5F, 0.8F}) {
        drop(rate, 7, ones, dst);
        double kept = 0;
        double sum = 0;
        for (const float value : dst.values()) {
            kept += value != 0 ? 1 : 0;
            sum += static_cast<double>(value);
        }
        const double share = 1 - static_cast<double>(rate);
        const auto all = static_cast<double>(count);
        const double deviation = std::sqrt(share * (1 - share) / all);
        EXPECT_NEAR(kept / all, share, 4 * deviation);
        EXPECT_NEAR(sum / all, 1, 4 * deviation / share);
    }
}

TEST_P(DropoutTest, BackwardDropsTheSameElements) {
    TestTensor x(context(), {20001});
    TestTensor dy(context(), {20001});
    TestTensor y(context(), {20001});
    TestTensor dx(context(), {20001});
    x.assign(std::vector<float>(20001, 3));
    dy.assign(std::vector<float>(20001, -2));
    drop(0.4F, 11, x, y);
    drop(0.4F, 11, dy, dx);
    const auto forward = y.values();
    const auto backward = dx.values();
    for (std::size_t i = 0; i < forward.size(); ++i) ASSERT_EQ(forward[i] != 0, backward[i] != 0) << i;
}

// A number that is just the rate keeps its element.
TEST_P(DropoutTest, TheRateItselfIsKept) {
    constexpr std::uint64_t kStep = 3;
    std::size_t element = 0;
    const auto word = [&] { return philox(kStream, element / 4, kStep)[element % 4]; };
    while (word() % 256 != 0) ++element;  // uniform01 drops the low bits
    const auto count = static_cast<std::int64_t>(element) + 1;
    TestTensor ones(context(), {count});
    TestTensor dst(context(), {count});
    ones.assign(std::vector<float>(element + 1, 1));
    const float rate = uniform01(word());
    drop(rate, kStep, ones, dst);
    EXPECT_EQ(dst.values()[element], 1 / (1 - rate));
}

TEST_P(DropoutTest, StepsAndStreamsDiffer) {
    TestTensor ones(context(), {256});
    ones.assign(std::vector<float>(256, 1));
    TestTensor a(context(), {256});
    TestTensor b(context(), {256});
    drop(0.5F, 1, ones, a);
    drop(0.5F, 2, ones, b);
    EXPECT_NE(a.values(), b.values());
    drop(0.5F, 1, ones, b, random_stream(42, "dropout/4"));
    EXPECT_NE(a.values(), b.values());
}

TEST_P(DropoutTest, RateZeroCopiesAndRateOneClears) {
    TestTensor x(context(), {100});
    TestTensor y(context(), {100});
    x.randomize("x");
    drop(0, 1, x, y);
    EXPECT_EQ(y.values(), x.values());
    drop(1, 1, x, y);
    EXPECT_EQ(y.values(), std::vector<float>(100, 0));
}

// A dropped element is a zero even where the source isn't finite.
TEST_P(DropoutTest, DropsInfinity) {
    TestTensor x(context(), {64});
    TestTensor y(context(), {64});
    x.assign(std::vector<float>(64, std::numeric_limits<float>::infinity()));
    drop(0.5F, 1, x, y);
    for (const float value : y.values()) EXPECT_FALSE(std::isnan(value));
}

TEST_P(DropoutTest, SameBitsForEveryNumberOfThreads) {
    TestTensor x(context(), {70001});
    TestTensor y(context(), {70001});
    x.randomize("x");
    drop(0.3F, 5, x, y);
    const auto expected = y.values();
    for (const int threads : {1, 2, 3}) {
        const auto other = make_context(threads);
        const TestState state(*other, {.step = 5});
        dropout(*other, 0.3F, kStream, state, x, y);
        EXPECT_EQ(y.values(), expected);
    }
}

TEST_P(DropoutTest, RejectsWhatDoesNotFit) {
    TestTensor x(context(), {4});
    TestTensor y(context(), {5});
    EXPECT_THROW(drop(0.5F, 1, x, y), InvalidArgument);
    EXPECT_THROW(drop(-0.1F, 1, x, x), InvalidArgument);
    EXPECT_THROW(drop(1.1F, 1, x, x), InvalidArgument);
    EXPECT_THROW(drop(std::nanf(""), 1, x, x), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
