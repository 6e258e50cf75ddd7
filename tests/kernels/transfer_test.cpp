// SPDX-License-Identifier: MIT
#include "kernels/device/transfer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

#include "kernels/device/error.h"
#include "kernels/ops/elementwise.h"
#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class TransferTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(TransferTest);

constexpr std::int64_t kCount = 1000;

std::vector<float> counted() {
    std::vector<float> values(kCount);
    std::iota(values.begin(), values.end(), 0.5F);
    return values;
}

std::span<float> floats(const HostBuffer& host) {
    return {reinterpret_cast<float*>(host.data()), host.bytes() / sizeof(float)};
}

TEST_P(TransferTest, CopiesPartsOfHostMemoryInTheOrderOfTheWork) {
    const HostBuffer host(context(), 2 * kCount * sizeof(float));
    EXPECT_TRUE(std::ranges::all_of(floats(host), [](float value) { return value == 0; }));
    std::ranges::copy(counted(), floats(host).begin());
    const TestTensor tensor(context(), {kCount});
    upload_async(context(), host, 0, tensor);
    scale(context(), 2, tensor);
    download_async(context(), tensor, host, kCount * sizeof(float));
    synchronize(context());
    for (std::size_t i = 0; i < kCount; ++i) {
        ASSERT_EQ(floats(host)[i], static_cast<float>(i) + 0.5F);
        ASSERT_EQ(floats(host)[kCount + i], 2 * floats(host)[i]);
    }
    EXPECT_THROW(upload_async(context(), host, kCount * sizeof(float) + 1, tensor), InvalidArgument);
    EXPECT_THROW(download_async(context(), tensor, host, kCount * sizeof(float) + 1), InvalidArgument);
}

// Memory that is given back waits for the work that uses it.
TEST_P(TransferTest, MemoryMayGoRightAfterItsWorkWasAskedFor) {
    const std::vector<float> expected = counted();  // made before: memory that is free now can be found again
    const TestTensor tensor(context(), {kCount});
    {
        const HostBuffer host(context(), kCount * sizeof(float));
        std::ranges::copy(expected, floats(host).begin());
        upload_async(context(), host, 0, tensor);
    }
    const HostBuffer other(context(), kCount * sizeof(float));  // where the first one was, perhaps
    std::memset(other.data(), 0xff, other.bytes());
    EXPECT_EQ(tensor.values(), expected);
    {
        Buffer gone(context(), kCount * sizeof(float));
        fill(context(), 1, gone.tensor({kCount}, DType::f32));
    }
    EXPECT_NO_THROW(synchronize(context()));
}

}  // namespace
}  // namespace kickdrum
