// SPDX-License-Identifier: MIT
#include "experiments/runs/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace kickdrum {
namespace {

TEST(Interrupt, NotesTheFirstSignal) {
    for (const int signal : {SIGINT, SIGTERM}) {
        const InterruptGuard guard;
        EXPECT_FALSE(guard.interrupted());
        std::raise(signal);
        EXPECT_TRUE(guard.interrupted());
    }
}

TEST(Interrupt, ForgetsWhatAnEarlierGuardSaw) {
    {
        const InterruptGuard guard;
        std::raise(SIGINT);
    }
    const InterruptGuard guard;
    EXPECT_FALSE(guard.interrupted());
}

TEST(InterruptDeathTest, TheSecondSignalEndsTheProgram) {
    EXPECT_EXIT(
        {
            const InterruptGuard guard;
            std::raise(SIGINT);
            std::raise(SIGINT);
            std::exit(0);
        },
        testing::KilledBySignal(SIGINT), "");
}

TEST(InterruptDeathTest, TheUsualMeaningComesBack) {
    EXPECT_EXIT(
        {
            { const InterruptGuard guard; }
            std::raise(SIGTERM);
            std::exit(0);
        },
        testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace kickdrum
