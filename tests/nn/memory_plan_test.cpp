// SPDX-License-Identifier: MIT
#include "nn/training/memory_plan.h"

#include <gtest/gtest.h>

#include "tests/nn/network.h"

namespace kickdrum {
namespace {

constexpr int kClasses = 4;

TrainingMemory plan(Context& context, const ModelSpec& model, const TrainingSpec& spec) {
    return plan_training_memory(context, model, {1, 16, 16, 1}, kClasses, spec);
}

TEST(TrainingMemory, IsWhatATrainerTakes) {
    for (const auto& model : {small_cnn(), small_resnet()}) {
        for (const auto kind : {OptimizerKind::adam, OptimizerKind::sgd}) {
            Context context({.threads = 2});
            SmallData data(context, 12, 16, kClasses);
            TrainingSpec spec{.batch_size = 8};
            spec.optimizer.kind = kind;
            const TrainingMemory planned = plan(context, model, spec);
            const std::size_t before = context.bytes_in_use();
            const Trainer trainer(context, model, data.dataset, spec, 7);
            const std::size_t taken = context.bytes_in_use() - before;
            // Up to the gaps between small tensors, and what the 12 clips take.
            EXPECT_LE(planned.total(), taken);
            EXPECT_GE(planned.total() + 4096, taken);
            EXPECT_GE(planned.total() + dataset_memory(12, kClasses, 8), taken);
            EXPECT_EQ(planned.moments,
                      kind == OptimizerKind::adam ? 2 * trainer.parameters().values().bytes() : 0U);
        }
    }
}

TEST(TrainingMemory, CountsAnAverageAndANetworkForEvaluations) {
    Context context({.threads = 2});
    SmallData data(context, 12, 16, kClasses);
    TrainingSpec spec{.batch_size = 8};
    spec.average_decay = 0.9;
    spec.input_frames = 12;
    spec.test_frames = 16;
    const TrainingMemory planned = plan(context, small_resnet(), spec);
    const std::size_t before = context.bytes_in_use();
    const Trainer trainer(context, small_resnet(), data.dataset, spec, 7);
    const std::size_t taken = context.bytes_in_use() - before;
    EXPECT_LE(planned.total(), taken);
    EXPECT_GE(planned.total() + 8192, taken);
}

TEST(TrainingMemory, TheLargestBatchFitsAndTheNextDoesNot) {
    Context context({.threads = 1});
    const ModelSpec model = small_cnn();
    TrainingSpec spec{.batch_size = 64};
    const auto bytes = [&](int batch) {
        TrainingSpec tried = spec;
        tried.batch_size = batch;
        return plan(context, model, tried).total();
    };
    const auto largest = [&](std::size_t free) {
        return largest_batch(context, model, {1, 16, 16, 1}, kClasses, spec, free);
    };
    for (const int batch : {1, 7, 8, 63}) {
        EXPECT_EQ(largest(bytes(batch)), batch);
        EXPECT_EQ(largest(bytes(batch + 1) - 1), batch);
    }
    EXPECT_EQ(largest(bytes(1) - 1), 0);
    EXPECT_EQ(largest(bytes(64)), 64);
    EXPECT_EQ(largest(std::size_t{1} << 40), 64);
}

}  // namespace
}  // namespace kickdrum
