// SPDX-License-Identifier: MIT
#include "nn/model/model_spec.h"

#include <gmock/gmock.h>

#include "tests/nn/network.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

LayerSpec conv(int filters, Padding padding) {
    return {.kind = Conv2dLayerSpec{.filters = filters, .padding = padding, .activation = Activation::relu}};
}

ModelSpec main_cnn(Padding padding) {
    return {conv(32, padding),
            {.kind = Pool2dLayerSpec{}},
            conv(64, padding),
            {.kind = Pool2dLayerSpec{}},
            conv(128, padding),
            {.kind = Pool2dLayerSpec{}},
            {.kind = FlattenLayerSpec{}},
            {.kind = DenseLayerSpec{.units = 256, .activation = Activation::relu}},
            {.kind = DropoutLayerSpec{}},
            softmax_layer()};
}

std::string message_of(const ModelSpec& model, const Shape& input) {
    try {
        describe_model(model, input, 5);
    } catch (const ModelError& error) {
        return error.what();
    }
    return "no error";
}

TEST(DescribeModel, PublishedArchitecture) {
    const auto rows = describe_model(main_cnn(Padding::same), {1, 128, 128, 1}, 5);
    EXPECT_EQ(parameter_count(rows), 8'482'821);
    EXPECT_EQ(rows[5].dst, (Shape{1, 16, 16, 128}));
    EXPECT_EQ(rows[0].name, "conv2d_1");
    EXPECT_EQ(rows[2].name, "conv2d_2");
    EXPECT_EQ(rows.back().dst, (Shape{1, 5}));
}

// 128 -> 126 -> 63 -> 61 -> 30 -> 28 -> 14: the second pooling leaves out the last row and column.
TEST(DescribeModel, ValidPaddingDropsRows) {
    const auto rows = describe_model(main_cnn(Padding::valid), {1, 128, 128, 1}, 5);
    EXPECT_EQ(rows[5].dst, (Shape{1, 14, 14, 128}));
    EXPECT_EQ(rows[1].dropped_rows, 0);
    EXPECT_EQ(rows[3].dropped_rows, 1);
    EXPECT_EQ(rows[3].dropped_columns, 1);
    EXPECT_EQ(rows[5].dropped_rows, 0);
}

TEST(DescribeModel, CountsWhatTheStoreHolds) {
    for (const auto& model : {small_cnn(), small_resnet()}) {
        Context context({.threads = 1});
        SmallData data(context, 4, 16, 3);
        Trainer trainer(context, model, data.dataset, {.batch_size = 4}, 1);
        EXPECT_EQ(parameter_count(describe_model(model, {1, 16, 16, 1}, 3)), trainer.parameters().count());
    }
}

TEST(DescribeModel, NamesTheLayerThatDoesNotFit) {
    ModelSpec model = main_cnn(Padding::same);
    model[3].line = 12;
    model[3].column = 5;
    EXPECT_THAT(message_of(model, {1, 3, 3, 1}),
                HasSubstr("max_pool2d_2: its window 2x2 is larger than its input of 1x1"));
    try {
        describe_model(model, {1, 3, 3, 1}, 5);
        FAIL();
    } catch (const ModelError& error) {
        EXPECT_EQ(error.line, 12);
        EXPECT_EQ(error.column, 5);
    }
}

TEST(DescribeModel, RefusesWhatCannotWork) {
    EXPECT_THAT(message_of({conv(4, Padding::same), softmax_layer()}, {1, 8, 8, 1}),
                HasSubstr("dense_1: needs plain numbers"));
    EXPECT_THAT(
        message_of({{.kind = FlattenLayerSpec{}}, conv(4, Padding::same), softmax_layer()}, {1, 8, 8, 1}),
        HasSubstr("conv2d_1: needs an image"));
    EXPECT_THAT(message_of({conv(4, Padding::same)}, {1, 8, 8, 1}), HasSubstr("the last layer must be"));
    EXPECT_THAT(message_of({conv(4, Padding::valid), softmax_layer()}, {1, 2, 8, 1}),
                HasSubstr("a 3x3 kernel doesn't fit its input of 2x8"));
    EXPECT_THAT(message_of({{.kind = FlattenLayerSpec{}}, softmax_layer(), softmax_layer()}, {1, 8, 8, 1}),
                HasSubstr("softmax belongs to the last layer only"));
    EXPECT_THAT(message_of({{.kind = ResidualLayerSpec{.body = {conv(4, Padding::same)}, .shortcut = {}}},
                            {.kind = FlattenLayerSpec{}},
                            softmax_layer()},
                           {1, 8, 8, 1}),
                HasSubstr("residual_1: its body gives (1, 8, 8, 4) and its shortcut (1, 8, 8, 1)"));
}

}  // namespace
}  // namespace kickdrum
