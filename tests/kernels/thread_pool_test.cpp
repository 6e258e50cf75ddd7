// SPDX-License-Identifier: MIT
#include "kernels/device/thread_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace kickdrum {
namespace {

TEST(ThreadPool, CallsEveryIndexOnce) {
    for (const int threads : {1, 2, 3, 8}) {
        ThreadPool pool(threads);
        EXPECT_EQ(pool.threads(), threads);
        for (const std::int64_t count : {0, 1, 2, 7, 1000}) {
            std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
            std::atomic<bool> thread_in_range = true;
            pool.parallel_for(count, [&](std::int64_t index, int thread) {
                ++calls[static_cast<std::size_t>(index)];
                if (thread < 0 || thread >= threads) thread_in_range = false;
            });
            for (const auto& n : calls) EXPECT_EQ(n, 1);
            EXPECT_TRUE(thread_in_range);
        }
    }
}

TEST(ThreadPool, NoTwoCallsShareAThreadNumber) {
    ThreadPool pool(4);
    std::vector<std::atomic<int>> inside(4);
    std::atomic<bool> shared = false;
    pool.parallel_for(2000, [&](std::int64_t, int thread) {
        if (++inside[static_cast<std::size_t>(thread)] != 1) shared = true;
        --inside[static_cast<std::size_t>(thread)];
    });
    EXPECT_FALSE(shared);
}

TEST(ThreadPool, RethrowsAndGoesOn) {
    ThreadPool pool(3);
    for (int round = 0; round < 20; ++round) {
        EXPECT_THROW(pool.parallel_for(100,
                                       [](std::int64_t index, int) {
                                           if (index == 42) throw std::runtime_error("42");
                                       }),
                     std::runtime_error);
        std::atomic<int> calls = 0;
        pool.parallel_for(10, [&](std::int64_t, int) { ++calls; });
        EXPECT_EQ(calls, 10);
    }
}

TEST(ThreadPool, ManyShortCalls) {
    ThreadPool pool(2);
    std::atomic<std::int64_t> sum = 0;
    for (int i = 0; i < 5000; ++i) pool.parallel_for(2, [&](std::int64_t index, int) { sum += index + 1; });
    EXPECT_EQ(sum, 15000);
}

}  // namespace
}  // namespace kickdrum
