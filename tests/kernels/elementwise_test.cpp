// SPDX-License-Identifier: MIT
#include "kernels/ops/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class ElementwiseTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(ElementwiseTest);

// Around a vector, around a piece handed to a thread, and several pieces.
constexpr std::int64_t kCounts[] = {1, 7, 16, 33, 16384, 16389, 50001};

TEST_P(ElementwiseTest, FillAndCopy) {
    for (const std::int64_t count : kCounts) {
        TestTensor filled(context(), {count});
        TestTensor copied(context(), {count});
        fill(context(), 2.5F, filled);
        EXPECT_EQ(filled.values(), std::vector<float>(static_cast<std::size_t>(count), 2.5F));
        filled.randomize("x");
        copy(context(), filled, copied);
        EXPECT_EQ(copied.values(), filled.values());
        copy(context(), copied, copied);
        EXPECT_EQ(copied.values(), filled.values());
    }
}

TEST_P(ElementwiseTest, AddsAlsoInPlace) {
    for (const std::int64_t count : kCounts) {
        const auto a = TestTensor(context(), {count}).randomize("a").values();
        const auto b = TestTensor(context(), {count}).randomize("b").values();
        std::vector<float> sum(a.size());
        for (std::size_t i = 0; i < a.size(); ++i) sum[i] = a[i] + b[i];
        TestTensor left(context(), {count});
        TestTensor right(context(), {count});
        TestTensor dst(context(), {count});
        left.assign(a);
        right.assign(b);
        add(context(), left, right, dst);
        EXPECT_EQ(dst.values(), sum);
        add(context(), left, right, right);
        EXPECT_EQ(right.values(), sum);
        right.assign(b);
        add(context(), left, right, left);
        EXPECT_EQ(left.values(), sum);
    }
}

TEST_P(ElementwiseTest, Scales) {
    for (const std::int64_t count : kCounts) {
        TestTensor x(context(), {count});
        auto expected = x.randomize("x").values();
        for (auto& value : expected) value *= 0.3F;
        scale(context(), 0.3F, x);
        EXPECT_EQ(x.values(), expected);
    }
}

TEST_P(ElementwiseTest, GathersRowsOfAnyType) {
    TestTensor src(context(), {4, 3, 5});
    src.randomize("x");
    TestTensor labels(context(), {4}, DType::i32);
    labels.assign(std::vector<std::int32_t>{10, 11, 12, 13});
    TestTensor indices(context(), {6}, DType::i32);
    indices.assign(std::vector<std::int32_t>{3, 0, 0, 2, 1, 3});
    TestTensor dst(context(), {6, 3, 5});
    TestTensor gathered_labels(context(), {6}, DType::i32);
    gather_rows(context(), src, indices, dst);
    gather_rows(context(), labels, indices, gathered_labels);
    const auto from = src.values();
    std::vector<float> expected;
    std::vector<std::int32_t> expected_labels;
    for (const std::int32_t index : indices.integers()) {
        expected_labels.push_back(10 + index);
        expected.insert(expected.end(), from.begin() + 15 * index, from.begin() + 15 * (index + 1));
    }
    EXPECT_EQ(dst.values(), expected);
    EXPECT_EQ(gathered_labels.integers(), expected_labels);
}

// As long as an image: rows that are read in vectors, and rows that can't be.
TEST_P(ElementwiseTest, GathersLongRows) {
    for (const std::int64_t row : {4096, 4099}) {
        TestTensor src(context(), {3, row});
        TestTensor indices(context(), {2}, DType::i32);
        TestTensor dst(context(), {2, row});
        const auto from = src.randomize("x").values();
        indices.assign(std::vector<std::int32_t>{2, 0});
        gather_rows(context(), src, indices, dst);
        std::vector<float> expected(from.begin() + 2 * row, from.end());
        expected.insert(expected.end(), from.begin(), from.begin() + row);
        EXPECT_EQ(dst.values(), expected);
    }
}

// Sums in f32, rounded once.
TEST_P(ElementwiseTest, ComputesInBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    for (const std::int64_t count : {1, 7, 33, 5001}) {
        TestTensor a(context(), {count}, DType::bf16);
        TestTensor b(context(), {count}, DType::bf16);
        TestTensor dst(context(), {count}, DType::bf16);
        const auto left = a.randomize("a").values();
        const auto right = b.randomize("b").values();
        add(context(), a, b, dst);
        std::vector<float> expected = left;
        for (std::size_t i = 0; i < left.size(); ++i) expected[i] = round_to_bf16(left[i] + right[i]);
        EXPECT_EQ(dst.values(), expected);
        for (auto& value : expected) value = round_to_bf16(value * 0.3F);
        scale(context(), 0.3F, dst);
        EXPECT_EQ(dst.values(), expected);
        copy(context(), a, dst);
        EXPECT_EQ(dst.values(), left);
        fill(context(), 0.1F, dst);
        EXPECT_EQ(dst.values(), std::vector<float>(left.size(), round_to_bf16(0.1F)));
    }
}

TEST_P(ElementwiseTest, GathersIntoBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    for (const std::int64_t row : {1, 5, 64}) {
        TestTensor src(context(), {3, row});
        TestTensor narrow(context(), {3, row}, DType::bf16);
        TestTensor indices(context(), {4}, DType::i32);
        TestTensor dst(context(), {4, row}, DType::bf16);
        TestTensor again(context(), {4, row}, DType::bf16);
        const auto from = src.randomize("x").values();
        narrow.assign(from);
        indices.assign(std::vector<std::int32_t>{1, 2, 2, 0});
        gather_rows(context(), src, indices, dst);
        gather_rows(context(), narrow, indices, again);
        std::vector<float> expected;
        for (const std::int32_t index : indices.integers()) {
            for (std::int64_t i = 0; i < row; ++i) {
                expected.push_back(round_to_bf16(from[static_cast<std::size_t>(index * row + i)]));
            }
        }
        EXPECT_EQ(dst.values(), expected);
        EXPECT_EQ(again.values(), expected);
    }
}

TEST_P(ElementwiseTest, RejectsWhatDoesNotFit) {
    TestTensor five(context(), {5});
    TestTensor six(context(), {6});
    TestTensor whole(context(), {5}, DType::i32);
    EXPECT_THROW(add(context(), five, six, five), InvalidArgument);
    EXPECT_THROW(add(context(), five, five, six), InvalidArgument);
    EXPECT_THROW(copy(context(), five, six), InvalidArgument);
    EXPECT_THROW(fill(context(), 0, Tensor{}), InvalidArgument);
    EXPECT_THROW(scale(context(), 0, whole), InvalidArgument);
    try {
        add(context(), five, six, five);
    } catch (const InvalidArgument& error) {
        EXPECT_STREQ(error.what(), "add: b has 6 elements, expected 5");
    }
}

TEST_P(ElementwiseTest, IndicesOutsideSrcThrowOrShow) {
    TestTensor src(context(), {4, 2});
    TestTensor labels(context(), {4}, DType::i32);
    TestTensor dst(context(), {2, 2});
    TestTensor gathered_labels(context(), {2}, DType::i32);
    TestTensor indices(context(), {2}, DType::i32);
    src.assign(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
    labels.assign(std::vector<std::int32_t>{1, 2, 3, 4});
    for (const std::int32_t index : {-1, 4}) {
        indices.assign(std::vector<std::int32_t>{index, 3});
        if (on_cpu()) {
            EXPECT_THROW(gather_rows(context(), src, indices, dst), InvalidArgument);
            continue;
        }
        gather_rows(context(), src, indices, dst);
        gather_rows(context(), labels, indices, gathered_labels);
        const auto values = dst.values();
        EXPECT_TRUE(std::isnan(values[0]) && std::isnan(values[1]));
        EXPECT_EQ(std::vector<float>(values.begin() + 2, values.end()), (std::vector<float>{7, 8}));
        EXPECT_EQ(gathered_labels.integers(), (std::vector<std::int32_t>{0, 4}));
    }
}

TEST_P(ElementwiseTest, AllocatesNothing) {
    TestTensor x(context(), {50001});
    TestTensor y(context(), {50001});
    x.randomize("x");
    context().freeze();
    EXPECT_NO_THROW({
        copy(context(), x, y);
        add(context(), x, y, y);
        scale(context(), 2, y);
        fill(context(), 0, y);
    });
}

}  // namespace
}  // namespace kickdrum
