// SPDX-License-Identifier: MIT
#include "kernels/device/arena.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/device/philox.h"

namespace kickdrum {
namespace {

struct Request {
    std::size_t bytes;
    int first;
    int last;
};

std::vector<Request> random_requests(std::uint64_t seed) {
    const RandomStream stream = random_stream(seed, "requests");
    std::vector<Request> requests;
    const std::uint32_t count = 1 + uniform_below(philox(stream, 0)[0], 40);
    for (std::uint64_t i = 1; i <= count; ++i) {
        const Philox4 bits = philox(stream, i);
        const int first = static_cast<int>(uniform_below(bits[0], 20));
        requests.push_back(
            {uniform_below(bits[1], 100000), first, first + static_cast<int>(uniform_below(bits[2], 10))});
    }
    return requests;
}

// The most that lives at one step: no plan can need less.
std::size_t lower_bound(const std::vector<Request>& requests, const MemoryPlanner::Plan& plan) {
    std::size_t most = 0;
    for (int step = 0; step < 40; ++step) {
        std::size_t living = 0;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (requests[i].first <= step && step <= requests[i].last) living += plan.sizes[i];
        }
        most = std::max(most, living);
    }
    return most;
}

TEST(MemoryPlanner, LivingBlocksNeverOverlap) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto requests = random_requests(seed);
        MemoryPlanner planner;
        for (const auto& request : requests) planner.request(request.bytes, request.first, request.last);
        const auto plan = planner.solve();
        for (std::size_t i = 0; i < requests.size(); ++i) {
            ASSERT_EQ(plan.offsets[i] % kArenaAlignment, 0U);
            ASSERT_GE(plan.sizes[i], requests[i].bytes);
            ASSERT_LE(plan.offsets[i] + plan.sizes[i], plan.total_bytes);
            for (std::size_t j = 0; j < i; ++j) {
                const bool together =
                    requests[i].first <= requests[j].last && requests[j].first <= requests[i].last;
                const bool overlap = plan.offsets[i] < plan.offsets[j] + plan.sizes[j] &&
                                     plan.offsets[j] < plan.offsets[i] + plan.sizes[i];
                ASSERT_FALSE(together && overlap) << "seed " << seed << ", blocks " << i << " and " << j;
            }
        }
        // Greedy isn't optimal, but it must not waste half the memory.
        ASSERT_LE(plan.total_bytes, 2 * lower_bound(requests, plan)) << "seed " << seed;
    }
}

TEST(MemoryPlanner, BlocksThatDoNotMeetShareMemory) {
    MemoryPlanner planner;
    planner.request(1024, 0, 1);
    planner.request(1024, 2, 3);
    EXPECT_EQ(planner.solve().total_bytes, 1024U);
}

TEST(MemoryPlanner, ExtendKeepsABlockAlive) {
    MemoryPlanner planner;
    const BlockId first = planner.request(1024, 0, 1);
    planner.request(1024, 2, 3);
    planner.extend(first, 2);
    EXPECT_EQ(planner.solve().total_bytes, 2048U);
}

TEST(Buffer, IsZeroedAlignedAndCounted) {
    Context context({.threads = 1});
    {
        const Buffer small(context, 1000);
        const Buffer large(context, std::size_t{5} << 20U);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small.data()) % 64, 0U);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large.data()) % 64, 0U);
        const auto* bytes = static_cast<const unsigned char*>(large.data());
        EXPECT_TRUE(std::all_of(bytes, bytes + large.bytes(), [](unsigned char b) { return b == 0; }));
        EXPECT_GE(context.bytes_in_use(), 1000 + (std::size_t{5} << 20U));
        EXPECT_THROW(static_cast<void>(small.tensor({2, 200})), InvalidArgument);
    }
    EXPECT_EQ(context.bytes_in_use(), 0U);
    EXPECT_GE(context.peak_bytes(), std::size_t{5} << 20U);
}

TEST(Buffer, FrozenContextRefuses) {
    Context context({.threads = 1});
    context.freeze();
    EXPECT_ANY_THROW(Buffer(context, 64));
    context.thaw();
    EXPECT_NO_THROW(Buffer(context, 64));
}

}  // namespace
}  // namespace kickdrum
