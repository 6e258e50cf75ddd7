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

}  // namespace
}  // namespace kickdrum
