// SPDX-License-Identifier: MIT
// cuDNN is loaded by its first call, and a library that isn't there is no reason not to start.
#include "kernels/cuda/loaded_library.cuh"

#include <gmock/gmock.h>

#include <type_traits>

namespace kickdrum::cuda {
namespace {

const LoadedLibrary& nowhere() {
    static const LoadedLibrary library("libkickdrum_nowhere.so.9");
    return library;
}
const LoadedLibrary& mathematics() {
    static const LoadedLibrary library("libm.so.6");
    return library;
}

int answer(double x);
KICKDRUM_LOADED_FUNCTION(nowhere, -7, int, answer, (double x), (x))
double nearbyint(double x);
KICKDRUM_LOADED_FUNCTION(mathematics, -7, double, nearbyint, (double x), (x))
double no_such_function(double x);
KICKDRUM_LOADED_FUNCTION(mathematics, -7, double, no_such_function, (double x), (x))

TEST(LoadedLibrary, PassesCallsOn) {
    EXPECT_EQ(mathematics().error(), "");
    EXPECT_EQ(nearbyint(2.75), 3);
}

TEST(LoadedLibrary, SaysWhyItIsMissing) {
    EXPECT_THAT(nowhere().error(), testing::HasSubstr("libkickdrum_nowhere.so.9"));
    EXPECT_EQ(answer(1), -7);
    EXPECT_EQ(no_such_function(1), -7);
}

TEST(LoadedLibrary, CudnnIsFound) {
    EXPECT_EQ(cudnn_error(), "");
}

}  // namespace
}  // namespace kickdrum::cuda
