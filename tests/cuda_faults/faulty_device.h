// SPDX-License-Identifier: MIT
// For tests of what happens when the device fails: a fixture that finds it whole and leaves it so, without
// leaks.
#pragma once

#include <gmock/gmock.h>

#include <cstdint>

#include "tests/support/cuda_emulation/emulation.h"

namespace kickdrum {

class FaultyDevice : public testing::Test {
 protected:
    void SetUp() override { mend(); }
    void TearDown() override {
        mend();
        emulation::set_memory(kMemory);
        EXPECT_EQ(emulation::leaks(), "");
    }
    static void mend() {
        emulation::fail_call_after(0);
        emulation::fail_malloc_after(0);
        emulation::lose_device_after(0);
        emulation::restore_device();
        emulation::reset_counts();
        emulation::seed(1);
    }
    // Of the runtime so far, each of which can fail.
    static std::int64_t calls() { return emulation::counts().calls + emulation::counts().launches; }

    static constexpr std::size_t kMemory = std::size_t{4} << 30U;
};

// What an error of the runtime must say: library, call, name and number, words, file and line.
inline auto is_a_cuda_error() {
    return testing::ContainsRegex(
        "CUDA: .+ failed: cudaError[A-Za-z]+ \\([0-9]+\\), [a-z].+ \\(.+\\.(cu|cpp|cuh):[0-9]+\\)");
}

}  // namespace kickdrum
