// SPDX-License-Identifier: MIT
// A training step allocates nothing: not on the device, which the frozen context refuses, and not on the
// heap, which is counted here (on the CPU: a GPU's driver has its own ways).
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace {

std::atomic<std::int64_t> allocations = 0;

void* counted(std::size_t bytes, std::size_t alignment) {
    ++allocations;
    void* memory = nullptr;
    if (::posix_memalign(&memory, alignment, bytes == 0 ? 1 : bytes) != 0) throw std::bad_alloc();
    return memory;
}

}  // namespace

// The whole program allocates through these; the array forms call them. The form that doesn't throw has to be
// here as well: the address sanitizer has one of its own, whose memory must not go to the delete below.
void* operator new(std::size_t bytes) {
    return counted(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    try {
        return ::operator new(bytes);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace kickdrum {
namespace {

class AllocationTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(AllocationTest);

TEST_P(AllocationTest, ATrainingStepAllocatesNothing) {
    for (const ModelSpec& model : {small_cnn(), small_resnet()}) {
        SmallData data(context(), 20, 16, 3);
        for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::sgd}) {
            TrainingSpec spec{.class_weights = {1.0F, 0.5F, 2.0F}, .label_smoothing = 0.1F, .batch_size = 8};
            spec.optimizer.kind = kind;
            spec.optimizer.momentum = 0.9;
            spec.optimizer.global_clipnorm = 1.0;
            Trainer trainer(context(), model, data.dataset, spec, 5);
            const std::span<const std::int32_t> all(data.indices);
            for (int step = 0; step < 2; ++step)
                trainer.train_step(all.first(8), 1e-3);  // CUDA captures the second
            const std::int64_t before = allocations;
            for (int step = 0; step < 3; ++step) {
                trainer.train_step(all.subspan(8, 8), 1e-3);
                trainer.train_step(all.last(3), 1e-3);  // a last partial batch
            }
            if (on_cpu()) {
                EXPECT_EQ(allocations, before);
            }
            trainer.save_weights();
            trainer.restore_weights();
            if (on_cpu()) {
                EXPECT_EQ(allocations, before) << "best weights";
            }
        }
    }
}

TEST(Allocations, AreCounted) {
    const std::int64_t before = allocations;
    const auto memory = std::make_unique<std::vector<int>>(100);
    EXPECT_GE(allocations, before + 2);
}

}  // namespace
}  // namespace kickdrum
