// SPDX-License-Identifier: MIT
// Right kernels give right results whatever the seed; every planted mistake is found.
#include <cstdlib>
#include <numeric>

#include "tests/cuda_emulation/emulated.h"
#include "tests/support/cuda_emulation/simt/sanitizer.h"

namespace kickdrum::emulation {
namespace {

class KernelsTest : public EmulatedTest {
 protected:
    // Runs a kernel with a race on purpose: in a process of its own under the thread sanitizer, which has to
    // report it; else true, and the test looks at the results.
    template <class Race>
    bool race_shows_in_results(Race race) {
#if KICKDRUM_EMULATION_TSAN
        EXPECT_EXIT((race(), std::exit(0)), [](int /*status*/) { return true; },
                    "ThreadSanitizer: data race");
        return false;
#else
        static_cast<void>(race);
        return true;
#endif
    }
};

enum class Mistake { none, no_barrier, past_shared };

// The sum of each block's part, by shuffles and shared memory.
template <Mistake kMistake>
__global__ void __launch_bounds__(256)
    block_sums(const float* __restrict__ src, float* __restrict__ dst, int n) {
    KICKDRUM_SHARED(float, partial, 8);
    float sum = 0;
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < static_cast<unsigned>(n);
         i += gridDim.x * blockDim.x) {
        sum += __ldg(src + i);
    }
    for (unsigned by = 16; by > 0; by /= 2) sum += __shfl_down_sync(0xffffffffU, sum, by);
    float* place = partial + threadIdx.x / 32 + (kMistake == Mistake::past_shared ? 1 : 0);
    if (threadIdx.x % 32 == 0) *place = sum;
    if (kMistake != Mistake::no_barrier) __syncthreads();
    if (threadIdx.x >= 32) return;
    sum = threadIdx.x < 8 ? partial[threadIdx.x] : 0;
    for (int by = 4; by > 0; by /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, by);
    if (threadIdx.x == 0) dst[blockIdx.x] = sum;
}

TEST_F(KernelsTest, SumIsRightForEverySeed) {
    OnDevice<float> src(std::vector<float>(5000, 1.0F));
    OnDevice<float> dst(7);
    for (std::uint64_t s = 1; s <= kSeeds; ++s) {
        seed(s);
        ASSERT_EQ(launch(block_sums<Mistake::none>, {dim3(7), dim3(256)}, src.data(), dst.data(), 5000),
                  cudaSuccess);
        const std::vector<float> sums = dst.values();
        EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), 0.0F), 5000.0F) << "seed " << s;
    }
}

// Some orders of the threads hide a missing barrier, as they do on a GPU: that's why one seed isn't enough.
TEST_F(KernelsTest, BarrierMissingBeforeReadIsSeen) {
    OnDevice<float> src(std::vector<float>(256, 1.0F));
    OnDevice<float> dst(1);
    const auto race = [&] {
        ASSERT_EQ(launch(block_sums<Mistake::no_barrier>, {dim3(1), dim3(256)}, src.data(), dst.data(), 256),
                  cudaSuccess);
        ASSERT_EQ(cudaStreamSynchronize(stream()), cudaSuccess);
    };
    if (!race_shows_in_results(race)) return;
    std::uint64_t seen = 0;
    for (std::uint64_t s = 1; s <= kSeeds; ++s) {
        seed(s);
        race();
        if (dst.values()[0] != 256.0F) ++seen;
    }
    EXPECT_GE(seen, kSeeds / 2);
}

// Each round writes a shared array, then reads another thread's element.
__global__ void rounds(int* dst, int count, bool second_barrier) {
    KICKDRUM_SHARED(int, values, 128);
    int sum = 0;
    for (int round = 0; round < count; ++round) {
        values[threadIdx.x] = static_cast<int>(threadIdx.x) + 1000 * round;
        __syncthreads();
        sum += values[(threadIdx.x + 37) % 128];
        if (second_barrier) __syncthreads();
    }
    dst[threadIdx.x] = sum;
}

TEST_F(KernelsTest, BarrierMissingBeforeOverwriteIsSeen) {
    std::vector<int> expected(128);
    for (int i = 0; i < 128; ++i) expected[static_cast<std::size_t>(i)] = 4 * ((i + 37) % 128) + 6000;
    OnDevice<int> dst(128);
    const auto run = [&](bool second_barrier) {
        ASSERT_EQ(launch(rounds, {dim3(1), dim3(128)}, dst.data(), 4, second_barrier), cudaSuccess);
        ASSERT_EQ(cudaStreamSynchronize(stream()), cudaSuccess);
    };
    for (std::uint64_t s = 1; s <= kSeeds; ++s) {
        seed(s);
        run(true);
        EXPECT_EQ(dst.values(), expected) << "seed " << s;
    }
    if (!race_shows_in_results([&] { run(false); })) return;
    for (std::uint64_t s = 1; s <= kSeeds; ++s) {
        seed(s);
        run(false);
        EXPECT_NE(dst.values(), expected) << "seed " << s;
    }
}

// The lanes of a warp aren't in lock-step: without __syncwarp() one reads what another hasn't written.
__global__ void warp_reverse(int* data, bool synchronise) {
    KICKDRUM_SHARED(int, values, 32);
    values[threadIdx.x] = data[threadIdx.x];
    if (synchronise) __syncwarp();
    data[threadIdx.x] = values[31 - threadIdx.x];
}

TEST_F(KernelsTest, MissingSyncwarpIsSeen) {
    std::vector<int> values(32);
    std::iota(values.begin(), values.end(), 0);
    const std::vector<int> expected(values.rbegin(), values.rend());
    const auto run = [&](bool synchronise) {
        OnDevice<int> data(values);
        EXPECT_EQ(launch(warp_reverse, {dim3(1), dim3(32)}, data.data(), synchronise), cudaSuccess);
        return data.values();
    };
    EXPECT_EQ(run(true), expected);
    if (!race_shows_in_results([&] { run(false); })) return;
    EXPECT_NE(run(false), expected);
}

__global__ void early_exit() {
    if (threadIdx.x >= 100) return;
    __syncthreads();
}
__global__ void divergent_barrier() {
    if (threadIdx.x >= 100) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}
__global__ void divergent_shuffle() {
    if (threadIdx.x < 16) __shfl_xor_sync(0xffffffffU, 1, 1);
    __syncthreads();
}
__global__ void wrong_mask() {
    if (threadIdx.x < 16) __shfl_xor_sync(0xffffU, 1, 16);
}
__global__ void not_in_mask() {
    __syncwarp(0xffffU);
}
__global__ void other_masks() {
    __syncwarp(threadIdx.x % 32 < 16 ? 0xffffffffU : 0xffff0000U);
    __syncthreads();
}

TEST_F(KernelsTest, DivergenceIsFound) {
    const GridShape shape{dim3(1), dim3(128)};
    for (std::uint64_t s = 1; s <= kSeeds; ++s) {
        seed(s);
        EXPECT_NE(error_of(early_exit, shape).find("__syncthreads() that not all threads of the block reach"),
                  std::string::npos);
        EXPECT_NE(error_of(divergent_barrier, shape).find("wait at another one"), std::string::npos);
        EXPECT_NE(error_of(divergent_shuffle, shape).find("a warp operation that not all lanes"),
                  std::string::npos);
        EXPECT_NE(error_of(wrong_mask, shape).find("which doesn't take part"), std::string::npos);
        EXPECT_NE(error_of(not_in_mask, shape).find("lacks the calling lane"), std::string::npos);
        EXPECT_NE(error_of(other_masks, shape).find("a warp operation"), std::string::npos);
    }
}

TEST_F(KernelsTest, ErrorNamesPlaceAndThread) {
    const std::string other = error_of(wrong_mask, {dim3(1), dim3(32)});
    EXPECT_NE(other.find("kernels_test.cpp:"), std::string::npos) << other;
    EXPECT_NE(other.find("block (0, 0, 0), thread ("), std::string::npos) << other;
    EXPECT_NE(other.find("kernel launched at"), std::string::npos) << other;
}

__global__ void votes(unsigned* dst) {
    const int lane = static_cast<int>(threadIdx.x);
    const unsigned ballot = __ballot_sync(0xffffffffU, lane % 3 == 0 ? 1 : 0);
    const int any = __any_sync(0xffffffffU, lane == 5 ? 1 : 0);
    const int all = __all_sync(0xffffffffU, lane < 31 ? 1 : 0);
    const int count = __syncthreads_count(lane % 2);
    const int up = __shfl_up_sync(0xffffffffU, lane, 1);
    const int down = __shfl_down_sync(0xffffffffU, lane, 1, 8);
    const int broadcast = __shfl_sync(0xffffffffU, lane, 3, 16);
    if (lane == 15) {
        dst[0] = ballot;
        dst[1] = static_cast<unsigned>(any);
        dst[2] = static_cast<unsigned>(all);
        dst[3] = static_cast<unsigned>(count);
        dst[4] = static_cast<unsigned>(up);
        dst[5] = static_cast<unsigned>(down);
    }
    if (lane == 31) dst[6] = static_cast<unsigned>(broadcast);
}

TEST_F(KernelsTest, VotesAndShuffles) {
    OnDevice<unsigned> dst(7);
    ASSERT_EQ(launch(votes, {dim3(1), dim3(32)}, dst.data()), cudaSuccess);
    EXPECT_EQ(dst.values(), (std::vector<unsigned>{0x49249249U, 1, 0, 16, 14, 15, 19}));
}

__global__ void use_dynamic(int* dst, int elements) {
    KICKDRUM_DYNAMIC_SHARED(int, values);
    for (int i = static_cast<int>(threadIdx.x); i < elements; i += static_cast<int>(blockDim.x))
        values[i] = i;
    __syncthreads();
    if (threadIdx.x == 0) *dst = values[elements - 1];
}

TEST_F(KernelsTest, WritePastSharedMemoryIsFound) {
    if (kAddressSanitizer) GTEST_SKIP() << "the address sanitizer ends the program: FaultsDeathTest";
    OnDevice<float> src(std::vector<float>(256, 1.0F));
    OnDevice<float> dst(1);
    const std::string text =
        error_of(block_sums<Mistake::past_shared>, {dim3(1), dim3(256)}, src.data(), dst.data(), 256);
    EXPECT_NE(text.find("past the end of partial (32 bytes"), std::string::npos) << text;
    OnDevice<int> value(1);
    EXPECT_EQ(error_of(use_dynamic, {dim3(1), dim3(32), 400}, value.data(), 100), "");
    EXPECT_NE(
        error_of(use_dynamic, {dim3(1), dim3(32), 400}, value.data(), 101).find("dynamic shared memory"),
        std::string::npos);
}

__global__ void too_much_shared(char* dst) {
    KICKDRUM_SHARED(char, values, 48 * 1024 + 1);
    values[threadIdx.x] = 1;
    *dst = values[0];
}

TEST_F(KernelsTest, LaunchLimits) {
    OnDevice<int> dst(1);
    const auto try_shape = [&](const GridShape& shape) { return launch(use_dynamic, shape, dst.data(), 1); };
    EXPECT_EQ(try_shape({dim3(1), dim3(1025)}), cudaErrorInvalidConfiguration);
    EXPECT_EQ(try_shape({dim3(1), dim3(0)}), cudaErrorInvalidConfiguration);
    EXPECT_EQ(try_shape({dim3(1), dim3(1, 1, 65)}), cudaErrorInvalidConfiguration);
    EXPECT_EQ(try_shape({dim3(0), dim3(1)}), cudaErrorInvalidConfiguration);
    EXPECT_EQ(try_shape({dim3(1, 65536), dim3(1)}), cudaErrorInvalidConfiguration);
    EXPECT_EQ(try_shape({dim3(1), dim3(32), 48 * 1024 + 4}), cudaErrorInvalidValue);
    const void* function = reinterpret_cast<const void*>(&use_dynamic);
    EXPECT_EQ(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, 228 * 1024),
              cudaErrorInvalidValue);
    EXPECT_EQ(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, 64 * 1024),
              cudaSuccess);
    EXPECT_EQ(try_shape({dim3(1), dim3(32), 64 * 1024}), cudaSuccess);
    OnDevice<char> value(1);
    EXPECT_NE(error_of(too_much_shared, {dim3(1), dim3(1)}, value.data()).find("more than a block can have"),
              std::string::npos);
    cudaGetLastError();
}

__global__ void write_at(float* dst, long long index) {
    dst[index] = 1;
}

TEST_F(KernelsTest, WriteOutsideDeviceMemoryIsFound) {
    if (kAddressSanitizer) GTEST_SKIP() << "the address sanitizer ends the program: FaultsDeathTest";
    OnDevice<float> data(100);
    EXPECT_EQ(error_of(write_at, {dim3(1), dim3(1)}, data.data(), 99), "");
    for (const int index : {100, 127, -1, -100}) {
        OnDevice<float> other(100);
        EXPECT_NE(error_of(write_at, {dim3(1), dim3(1)}, other.data(), index)
                      .find("past the end of device memory of 400"),
                  std::string::npos)
            << index;
    }
}

__global__ void histogram(int* bins, unsigned* largest, const unsigned* values, int n) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= static_cast<unsigned>(n)) return;
    atomicAdd(&bins[values[i] % 4], 1);
    atomicMax(largest, values[i]);
}

TEST_F(KernelsTest, IntegerAtomics) {
    std::vector<unsigned> values(300);
    std::iota(values.begin(), values.end(), 7U);
    OnDevice<unsigned> src(values);
    OnDevice<int> bins(std::vector<int>(4, 0));
    OnDevice<unsigned> largest(std::vector<unsigned>(1, 0U));
    ASSERT_EQ(launch(histogram, {dim3(3), dim3(128)}, bins.data(), largest.data(), src.data(), 300),
              cudaSuccess);
    EXPECT_EQ(bins.values(), (std::vector<int>{75, 75, 75, 75}));
    EXPECT_EQ(largest.values()[0], 306U);
}

}  // namespace
}  // namespace kickdrum::emulation
