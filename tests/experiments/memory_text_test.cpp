// SPDX-License-Identifier: MIT
#include "experiments/runs/memory_text.h"

#include <gmock/gmock.h>

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(MemoryText, OutOfMemorySaysHowMuchAndWhatFits) {
    const std::string text = out_of_memory_text(850'000'000, 314'572'800, 64, 22);
    EXPECT_THAT(text, AllOf(HasSubstr("batches of 64 needs 810.6 MiB (850000000 bytes)"),
                            HasSubstr("300.0 MiB (314572800 bytes) are free"),
                            HasSubstr("batches of at most 22 fit: --set training.batch_size=22"),
                            HasSubstr("parallel_runs"), HasSubstr("nvidia-smi")));
}

TEST(MemoryText, OutOfMemoryWhereNothingFits) {
    EXPECT_THAT(out_of_memory_text(850'000'000, 1000, 64, 0),
                AllOf(HasSubstr("not even batches of 1 fit"), Not(HasSubstr("--set"))));
}

TEST(MemoryText, OutOfMemoryWhereItShouldHaveFitted) {
    EXPECT_THAT(
        out_of_memory_text(1000, 2000, 64, 64),
        AllOf(HasSubstr("in pieces"), HasSubstr("a smaller batch may fit"), Not(HasSubstr("at most"))));
}

TEST(MemoryText, ClipsOutOfMemory) {
    EXPECT_THAT(clips_out_of_memory_text(1305, 85'524'480, 1'048'576),
                AllOf(HasSubstr("1305 clips: 81.6 MiB (85524480 bytes) are needed"),
                      HasSubstr("1.0 MiB (1048576 bytes) are free"), HasSubstr("features.size")));
}

}  // namespace
}  // namespace kickdrum
