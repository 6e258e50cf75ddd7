// SPDX-License-Identifier: MIT
// Each call of the CUDA runtime that training makes, failing once: an error that says where, or the right
// result where nothing hung on it, and nothing left on the device.
#include "nn/formats/safetensors.h"
#include "tests/cuda_faults/faulty_device.h"
#include "tests/nn/network.h"

namespace kickdrum {
namespace {

constexpr int kClips = 6;

// Every operation that has a CUDA half, few threads.
ModelSpec network() {
    const auto conv = [](int filters, int stride) {
        return LayerSpec{.kind = Conv2dLayerSpec{.filters = filters,
                                                 .strides = {stride, stride},
                                                 .padding = Padding::same,
                                                 .activation = Activation::relu}};
    };
    return {conv(4, 1),
            {.kind = Pool2dLayerSpec{}},
            {.kind = BatchNormLayerSpec{}},
            conv(4, 1),
            {.kind = Pool2dLayerSpec{}},
            {.kind = ResidualLayerSpec{.body = {conv(4, 1)}, .shortcut = {}}},
            {.kind = FlattenLayerSpec{}},
            {.kind = DenseLayerSpec{.units = 4, .activation = Activation::tanh}},
            {.kind = DropoutLayerSpec{.rate = 0.25}},
            softmax_layer()};
}

// From nothing to trained weights: planning, an ordinary step, a captured one, its replay, evaluation.
std::string train() {
    Context context({.device = Device::cuda, .threads = 1});
    SmallData data(context, kClips, 8, 2);
    TrainingSpec spec{.class_weights = {1.0F, 2.0F}, .batch_size = 2};
    spec.optimizer.global_clipnorm = 5.0;
    Trainer trainer(context, network(), data.dataset, spec, 3);
    const std::vector<double> rates{0.01, 0.01, 0.01};
    trainer.train_epoch(data.indices, rates);
    trainer.save_weights();
    for (int i = 0; i < 2; ++i) trainer.evaluate(data.indices);  // at first an ordinary one, then captured
    trainer.restore_weights();
    return to_safetensors(trainer.parameters(), {});
}

class TrainingFaults : public FaultyDevice {};

TEST_F(TrainingFaults, EveryCallThatFails) {
    const std::string expected = train();
    const std::int64_t all = calls();
    ASSERT_GT(all, 100);
    std::int64_t errors = 0;
    for (std::int64_t n = 1; n <= all; ++n) {
        SCOPED_TRACE(testing::Message() << "call " << n << " of " << all);
        mend();
        emulation::fail_call_after(n);
        try {
            EXPECT_EQ(train(), expected);
        } catch (const DeviceError& error) {
            ++errors;
            const std::string text = error.what();
            // The look at the device, before it is used, has words of its own.
            EXPECT_THAT(text, testing::AnyOf(testing::StartsWith("CUDA can't be used: "), is_a_cuda_error()));
        }
        ASSERT_EQ(emulation::leaks(), "");
        if (HasFailure()) break;
    }
    // Those that may fail quietly release something, or ask for a version.
    EXPECT_GT(errors, all * 3 / 4);
}

TEST_F(TrainingFaults, EveryAllocationThatFails) {
    train();
    const std::int64_t all = emulation::counts().allocations;
    ASSERT_GT(all, 5);
    for (std::int64_t n = 1; n <= all; ++n) {
        SCOPED_TRACE(testing::Message() << "allocation " << n << " of " << all);
        mend();
        emulation::fail_malloc_after(n);
        try {
            train();
            ADD_FAILURE() << "nothing was thrown";
        } catch (const OutOfDeviceMemory& error) {
            EXPECT_GT(error.needed(), 0U);
            EXPECT_GT(error.free(), 0U);
        }
        ASSERT_EQ(emulation::leaks(), "");
    }
}

TEST_F(TrainingFaults, ALostDeviceAtAnyCall) {
    const std::string expected = train();
    const std::int64_t all = calls();
    std::int64_t errors = 0;
    for (std::int64_t n = 1; n <= all; n += 7) {
        SCOPED_TRACE(testing::Message() << "call " << n << " of " << all);
        mend();
        emulation::lose_device_after(n);
        try {
            EXPECT_EQ(train(), expected);
        } catch (const DeviceError& error) {
            ++errors;
            EXPECT_THAT(error.what(), testing::HasSubstr("cudaErrorDevicesUnavailable"));
        }
        ASSERT_EQ(emulation::leaks(), "");
    }
    EXPECT_GT(errors, all / 7 * 3 / 4);
}

// Steps and evaluations are launched as graphs once they were captured.
TEST_F(TrainingFaults, EveryLaterStepAndEvaluationIsOneLaunch) {
    Context context({.device = Device::cuda, .threads = 1});
    SmallData data(context, kClips, 8, 2);
    Trainer trainer(context, network(), data.dataset, {.batch_size = 2}, 3);
    const std::vector<double> rates{0.01, 0.01, 0.01};
    for (int epoch = 0; epoch < 2; ++epoch) {
        trainer.train_epoch(data.indices, rates);
        trainer.evaluate(data.indices);
    }
    emulation::reset_counts();
    trainer.train_epoch(data.indices, rates);
    trainer.evaluate(data.indices);
    EXPECT_EQ(emulation::counts().graph_launches, 6);
    EXPECT_EQ(emulation::counts().launches, 0);
    EXPECT_EQ(emulation::counts().synchronisations, 2);
}

// After an error the same thread can go on: nothing of it is left behind for the next launch to find.
TEST_F(TrainingFaults, TheNextTrainingIsWhole) {
    const std::string expected = train();
    const std::int64_t all = calls();
    for (const std::int64_t n : {all / 4, all / 2, all * 3 / 4}) {
        emulation::fail_call_after(n);
        EXPECT_THROW(train(), DeviceError);
        EXPECT_EQ(train(), expected);
    }
}

}  // namespace
}  // namespace kickdrum
