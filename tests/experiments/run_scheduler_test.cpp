// SPDX-License-Identifier: MIT
#include "experiments/runs/run_scheduler.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// Lets `count` threads go on once all of them are here.
class Meeting {
 public:
    explicit Meeting(int count) : missing_(count) {}
    void arrive() {
        std::unique_lock lock(mutex_);
        if (--missing_ == 0) all_here_.notify_all();
        all_here_.wait(lock, [&] { return missing_ <= 0; });
    }

 private:
    std::mutex mutex_;
    std::condition_variable all_here_;
    int missing_;
};

TEST(RunPlan, TheThreadsAreShared) {
    for (const auto& [parallel, runs, threads, expected_parallel, expected_threads] :
         std::vector<std::array<int, 5>>{{1, 5, 8, 1, 8},
                                         {2, 5, 8, 2, 4},
                                         {3, 5, 8, 3, 2},
                                         {5, 5, 2, 5, 1},
                                         {9, 5, 16, 5, 3},
                                         {4, 1, 8, 1, 8}}) {
        const RunPlan plan = plan_runs(parallel, runs, threads);
        EXPECT_EQ(plan.parallel, expected_parallel);
        EXPECT_EQ(plan.threads, expected_threads);
    }
}

TEST(RunPlan, AutoAvoidsARoundThatLeavesThreadsIdle) {
    const auto automatic = [](int runs, int threads) { return plan_runs(0, runs, threads).parallel; };
    EXPECT_EQ(automatic(5, 1), 1);
    EXPECT_EQ(automatic(5, 2), 1) << "two at a time would leave a thread idle in the third round";
    EXPECT_EQ(automatic(4, 2), 2);
    EXPECT_EQ(automatic(1, 16), 1);
    EXPECT_EQ(automatic(5, 5), 5);
    EXPECT_EQ(automatic(5, 16), 5);
    EXPECT_EQ(automatic(2, 64), 2);
    for (int runs = 1; runs <= 12; ++runs) {
        for (int threads = 1; threads <= 64; ++threads) {
            const RunPlan plan = plan_runs(0, runs, threads);
            EXPECT_LE(plan.parallel, std::min(runs, threads));
            EXPECT_LE(plan.parallel * plan.threads, threads);
        }
    }
}

TEST(RunScheduler, RunsBeginInOrderAndEachOnce) {
    for (const int parallel : {1, 2, 3, 8}) {
        std::mutex mutex;
        std::vector<int> begun;
        RunScheduler(parallel, {.threads = 1}).train(5, [&](Context&, int run) {
            const std::lock_guard lock(mutex);
            begun.push_back(run);
            return true;
        });
        EXPECT_THAT(begun, UnorderedElementsAre(1, 2, 3, 4, 5));
        if (parallel == 1) {
            EXPECT_THAT(begun, ElementsAre(1, 2, 3, 4, 5));
        }
    }
}

TEST(RunScheduler, ThoseOfOneTimeHaveContextsOfTheirOwn) {
    Meeting meeting(3);
    std::mutex mutex;
    std::set<const Context*> contexts;
    RunScheduler(3, {.threads = 2}).train(3, [&](Context& context, int) {
        EXPECT_EQ(context.threads(), 2);
        {
            const std::lock_guard lock(mutex);
            contexts.insert(&context);
        }
        meeting.arrive();  // returns only if all three are under way together
        return true;
    });
    EXPECT_EQ(contexts.size(), 3U);
}

TEST(RunScheduler, OneThatStopsStopsTheOthers) {
    Meeting meeting(2);
    std::mutex mutex;
    std::vector<int> begun;
    RunScheduler scheduler(2, {.threads = 1});
    scheduler.train(100, [&](Context&, int run) {
        {
            const std::lock_guard lock(mutex);
            begun.push_back(run);
        }
        if (run <= 2) meeting.arrive();
        if (run == 1) return false;
        while (!scheduler.stopping()) std::this_thread::yield();
        return true;
    });
    EXPECT_TRUE(scheduler.stopping());
    EXPECT_THAT(begun, UnorderedElementsAre(1, 2));
}

TEST(RunScheduler, TheFirstExceptionStopsAllAndComesBack) {
    for (const int parallel : {1, 3}) {
        Meeting meeting(parallel);
        std::atomic<int> ended{0};
        RunScheduler scheduler(parallel, {.threads = 1});
        const auto work = [&](Context&, int run) -> bool {
            meeting.arrive();
            if (run == 1) throw std::runtime_error("first");
            while (!scheduler.stopping()) std::this_thread::yield();
            ++ended;
            throw std::runtime_error("what follows from it");
        };
        try {
            scheduler.train(100, work);
            FAIL() << "no exception";
        } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "first");
        }
        EXPECT_EQ(ended, parallel - 1);
    }
}

TEST(RunScheduler, AContextThatCantBeMadeIsAnError) {
    RunScheduler scheduler(2, {.threads = 1, .math = Math::bf16});  // the CPU has no bf16
    EXPECT_ANY_THROW(scheduler.train(2, [](Context&, int) { return true; }));
}

}  // namespace
}  // namespace kickdrum
