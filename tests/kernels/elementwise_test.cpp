// SPDX-License-Identifier: MIT
#include "kernels/ops/elementwise.h"

#include <gtest/gtest.h>

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
    for (std::int64_t row = 0; row < 6; ++row) {
        const std::int32_t index = indices.tensor().i32()[row];
        EXPECT_EQ(gathered_labels.tensor().i32()[row], 10 + index);
        for (std::int64_t i = 0; i < 15; ++i) {
            EXPECT_EQ(dst.tensor().f32()[row * 15 + i], src.tensor().f32()[index * 15 + i]);
        }
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

TEST_P(ElementwiseTest, RejectsIndicesOutsideSrc) {
    TestTensor src(context(), {4, 2});
    TestTensor dst(context(), {1, 2});
    TestTensor indices(context(), {1}, DType::i32);
    for (const std::int32_t index : {-1, 4}) {
        indices.assign(std::vector<std::int32_t>{index});
        EXPECT_THROW(gather_rows(context(), src, indices, dst), InvalidArgument);
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
