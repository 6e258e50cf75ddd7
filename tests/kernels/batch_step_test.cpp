// SPDX-License-Identifier: MIT
#include "kernels/ops/batch_step.h"

#include <gtest/gtest.h>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

// Seven clips of three classes; two batches of three and a last one of one, padded with the first clip.
// Behind the tables lie an eighth label and a fourth batch, which count for nothing.
class BatchStepTest : public DeviceTest {
 protected:
    struct Epoch {
        explicit Epoch(Context& context)
            : clips(context, {4, 3}, DType::i32),
              rows(context, {4}, DType::i32),
              rates(context, {4}),
              beta_1(context, {4}),
              dataset_labels(context, {8}, DType::i32),
              class_weights(context, {3}),
              indices(context, {3}, DType::i32),
              labels(context, {3}, DType::i32),
              weights(context, {3}),
              state(context, {.first_step = 40, .gradient_scale = 0.5F, .loss_sum = 2.5, .correct = 9}) {
            clips.assign(std::vector<std::int32_t>{6, 0, 5, 1, 2, 3, 4, 6, 6, 0, 1, 2});
            rows.assign(std::vector<std::int32_t>{3, 3, 1, 2});
            rates.assign(std::vector<float>{0.5F, 0.25F, 0.125F, 4});
            beta_1.assign(std::vector<float>{0.9F, 0.8F, 0.7F, 5});
            dataset_labels.assign(std::vector<std::int32_t>{2, 0, 1, 1, 2, 0, 1, 0});
            class_weights.assign(std::vector<float>{1.5F, 0.75F, 3});
        }
        BatchTables tables() const {
            return {clips.tensor().first_rows(3),          rows.tensor().first_rows(3),
                    rates.tensor().first_rows(3),          beta_1.tensor().first_rows(3),
                    dataset_labels.tensor().first_rows(7), class_weights};
        }
        void begin(Context& context, std::int64_t count = 3) {
            begin_batch(context, tables(), state, indices.tensor().first_rows(count),
                        labels.tensor().first_rows(count), weights.tensor().first_rows(count));
        }

        TestTensor clips, rows, rates, beta_1, dataset_labels, class_weights, indices, labels, weights;
        TestState state;
    };
};

TEST_P(BatchStepTest, GoesThroughTheEpoch) {
    Epoch epoch(context());
    epoch.begin(context());
    EXPECT_EQ(epoch.indices.integers(), (std::vector<std::int32_t>{6, 0, 5}));
    EXPECT_EQ(epoch.labels.integers(), (std::vector<std::int32_t>{1, 2, 0}));
    EXPECT_EQ(epoch.weights.values(), (std::vector<float>{0.75F, 3, 1.5F}));
    StepState state = epoch.state.get();
    EXPECT_EQ(state.learning_rate, 0.5F);
    EXPECT_EQ(state.beta_1, 0.9F);
    EXPECT_EQ(state.gradient_scale, 1);
    EXPECT_EQ(state.loss_scale, 1.0F / 3);
    EXPECT_EQ(state.rows, 3);
    EXPECT_EQ(state.step, 40U);

    epoch.begin(context());
    epoch.begin(context());
    EXPECT_EQ(epoch.indices.integers(), (std::vector<std::int32_t>{4, 6, 6}));
    EXPECT_EQ(epoch.labels.integers(), (std::vector<std::int32_t>{2, 1, 1}));
    EXPECT_EQ(epoch.weights.values(), (std::vector<float>{3, 0, 0}));
    state = epoch.state.get();
    EXPECT_EQ(state.learning_rate, 0.125F);
    EXPECT_EQ(state.beta_1, 0.7F);
    EXPECT_EQ(state.loss_scale, 1);
    EXPECT_EQ(state.rows, 1);
    EXPECT_EQ(state.step, 42U);
    EXPECT_EQ(state.batch, 2);
    EXPECT_EQ(state.next_batch, 3);
    // Sums of the epoch are others' business.
    EXPECT_EQ(state.loss_sum, 2.5);
    EXPECT_EQ(state.correct, 9);
}

TEST_P(BatchStepTest, FewerRowsLeaveTheRestAlone) {
    Epoch epoch(context());
    epoch.labels.assign(std::vector<std::int32_t>{7, 7, 7});
    epoch.begin(context(), 2);
    EXPECT_EQ(epoch.labels.integers(), (std::vector<std::int32_t>{1, 2, 7}));
}

TEST_P(BatchStepTest, WrongDataThrowsOrGivesNaN) {
    Epoch epoch(context());
    epoch.clips.assign(std::vector<std::int32_t>{6, 7, 5});
    epoch.dataset_labels.assign(std::vector<std::int32_t>{2, 0, 1, 1, 2, 3, 1});
    if (on_cpu()) {
        EXPECT_THROW(epoch.begin(context()), InvalidArgument);  // clip 7 of 7
        epoch.clips.assign(std::vector<std::int32_t>{6, 0, 5});
        EXPECT_THROW(epoch.begin(context()), InvalidArgument);  // class 3 of 3
        epoch.state.set({.next_batch = 3});
        EXPECT_THROW(epoch.begin(context()), InvalidArgument);
        return;
    }
    epoch.begin(context());
    EXPECT_EQ(epoch.labels.integers(), (std::vector<std::int32_t>{1, -1, -1}));
    const std::vector<float> weights = epoch.weights.values();
    EXPECT_EQ(weights[0], 0.75F);
    EXPECT_TRUE(std::isnan(weights[1]) && std::isnan(weights[2]));

    // A batch that doesn't exist changes nothing.
    for (const std::int32_t batch : {-1, 3}) {
        epoch.state.set({.learning_rate = 0.75F, .rows = 2, .next_batch = batch});
        epoch.labels.assign(std::vector<std::int32_t>{7, 7, 7});
        epoch.begin(context());
        EXPECT_EQ(epoch.labels.integers(), (std::vector<std::int32_t>{7, 7, 7}));
        EXPECT_EQ(epoch.state.get().learning_rate, 0.75F);
        EXPECT_EQ(epoch.state.get().rows, 2);
    }
}

TEST_P(BatchStepTest, WrongShapesThrow) {
    Epoch epoch(context());
    BatchTables tables = epoch.tables();
    tables.rows = tables.rows.first_rows(2);
    EXPECT_THROW(begin_batch(context(), tables, epoch.state, epoch.indices, epoch.labels, epoch.weights),
                 InvalidArgument);
    EXPECT_THROW(begin_batch(context(), epoch.tables(), nullptr, epoch.indices, epoch.labels, epoch.weights),
                 InvalidArgument);
    EXPECT_THROW(begin_batch(context(), epoch.tables(), epoch.state, epoch.indices,
                             epoch.labels.tensor().first_rows(2), epoch.weights),
                 InvalidArgument);
}

INSTANTIATE_FOR_DEVICES(BatchStepTest);

}  // namespace
}  // namespace kickdrum
