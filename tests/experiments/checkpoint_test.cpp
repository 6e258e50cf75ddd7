// SPDX-License-Identifier: MIT
#include "experiments/runs/checkpoint.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const CheckpointIdentity kIdentity{{"run", "3"}, {"device", "cpu (avx2, fp32)"}};

Checkpoint made_up(std::uint64_t step) {
    Checkpoint checkpoint;
    checkpoint.identity = kIdentity;
    checkpoint.fit = {
        .next_epoch = 7,
        .progress = {.batches = 2, .loss_sum = 1.0 / 3, .correct = 5},
        .best_epoch = 4,
        .has_best = true,
        .stopped_early = true,
        .plateau_rate_factor = 0.1,
        .plateau = {.best = -0.0, .has_best = true, .wait = 3, .cooldown_left = 1},
        .stopping = {.best = std::nextafter(0.5, 1), .has_best = true, .best_epoch = 4, .wait = 2}};
    checkpoint.history = {{.epoch = 1,
                           .loss = 1e-300,
                           .accuracy = 0.1,
                           .val_loss = std::numeric_limits<double>::quiet_NaN(),
                           .val_accuracy = std::numeric_limits<double>::infinity(),
                           .val_weighted_f1 = 0.7,
                           .learning_rate = 0.001,
                           .seconds = 2.5}};
    checkpoint.best_epoch = 5;
    checkpoint.seconds = 12.25;
    checkpoint.trainer.step = step;
    for (int i = 0; i < 1000; ++i) checkpoint.trainer.memory.push_back(static_cast<std::byte>(i * 7));
    return checkpoint;
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

TEST(Checkpoint, ComesBackToTheBit) {
    const TemporaryFolder folder;
    const Checkpoint written = made_up(420);
    write_checkpoint(folder / "checkpoint", written);
    const FoundCheckpoint found = find_checkpoint(folder / "checkpoint", kIdentity);
    ASSERT_TRUE(found.checkpoint);
    EXPECT_TRUE(found.refused.empty());
    const Checkpoint& read = *found.checkpoint;
    EXPECT_EQ(read.trainer.step, 420U);
    EXPECT_EQ(read.trainer.memory, written.trainer.memory);
    EXPECT_EQ(read.fit.next_epoch, 7);
    EXPECT_EQ(read.fit.progress.batches, 2);
    EXPECT_EQ(read.fit.progress.loss_sum, 1.0 / 3);
    EXPECT_EQ(read.fit.progress.correct, 5);
    EXPECT_EQ(read.fit.best_epoch, 4);
    EXPECT_TRUE(read.fit.has_best && read.fit.stopped_early);
    EXPECT_EQ(read.fit.plateau_rate_factor, 0.1);
    EXPECT_TRUE(std::signbit(read.fit.plateau.best));
    EXPECT_EQ(read.fit.plateau.wait, 3);
    EXPECT_EQ(read.fit.plateau.cooldown_left, 1);
    EXPECT_EQ(read.fit.stopping.best, std::nextafter(0.5, 1));
    EXPECT_EQ(read.fit.stopping.wait, 2);
    EXPECT_EQ(read.best_epoch, 5);
    EXPECT_EQ(read.seconds, 12.25);
    ASSERT_EQ(read.history.size(), 1U);
    EXPECT_EQ(read.history[0].loss, 1e-300);
    EXPECT_TRUE(std::isnan(read.history[0].val_loss));
    EXPECT_TRUE(std::isinf(read.history[0].val_accuracy));
}

TEST(Checkpoint, TheNewestTwoAreKept) {
    const TemporaryFolder folder;
    EXPECT_FALSE(find_checkpoint(folder / "checkpoint", kIdentity).checkpoint);
    for (const std::uint64_t step : {99'999'990ULL, 100'000'010ULL, 100'000'020ULL})
        write_checkpoint(folder / "checkpoint", made_up(step));
    EXPECT_THAT(names_in(folder / "checkpoint"),
                ElementsAre("step-100000010.checkpoint", "step-100000020.checkpoint"));
    EXPECT_EQ(find_checkpoint(folder / "checkpoint", kIdentity).checkpoint->trainer.step, 100'000'020U);
}

TEST(Checkpoint, ADamagedOneIsRefusedAndTheOneBeforeUsed) {
    const TemporaryFolder folder;
    write_checkpoint(folder / "checkpoint", made_up(10));
    write_checkpoint(folder / "checkpoint", made_up(20));
    const fs::path newest = folder / "checkpoint/step-00000020.checkpoint";
    const std::string whole = read_file(newest);
    std::vector<std::string> damaged{"",
                                     "something else",
                                     whole.substr(0, 5),
                                     whole.substr(0, 30),
                                     whole.substr(0, whole.size() - 1),
                                     whole + "x"};
    for (std::size_t at = 0; at < whole.size(); at += 97) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ 1);
        damaged.push_back(flipped);
    }
    for (const auto& bytes : damaged) {
        write_file_atomically(newest, bytes);
        const FoundCheckpoint found = find_checkpoint(folder / "checkpoint", kIdentity);
        ASSERT_TRUE(found.checkpoint);
        EXPECT_EQ(found.checkpoint->trainer.step, 10U);
        ASSERT_EQ(found.refused.size(), 1U);
        EXPECT_THAT(found.refused[0], HasSubstr("step-00000020.checkpoint"));
    }
    EXPECT_THAT(find_checkpoint(folder / "checkpoint", kIdentity).refused[0], HasSubstr("is damaged"));
}

TEST(Checkpoint, OfSomethingElseIsRefused) {
    const TemporaryFolder folder;
    write_checkpoint(folder / "checkpoint", made_up(10));
    for (const auto& [name, value] : CheckpointIdentity{{"run", "4"}, {"data", "ab"}}) {
        CheckpointIdentity other = kIdentity;
        other[name] = value;
        const FoundCheckpoint found = find_checkpoint(folder / "checkpoint", other);
        EXPECT_FALSE(found.checkpoint);
        ASSERT_EQ(found.refused.size(), 1U);
        EXPECT_THAT(found.refused[0], HasSubstr("its " + name + " is"));
        EXPECT_THAT(found.refused[0], HasSubstr("here it is " + value));
    }
}

double g_now = 0;

TEST(CheckpointPace, TakesAtMostAFiftiethOfTheTime) {
    g_now = 100;
    CheckpointPace pace([] { return g_now; });
    EXPECT_TRUE(pace.due());
    pace.begin();
    g_now = 100.25;
    pace.end();
    EXPECT_FALSE(pace.due());
    g_now = 112.5;
    EXPECT_FALSE(pace.due());
    g_now = 112.75;
    EXPECT_TRUE(pace.due());
}

}  // namespace
}  // namespace kickdrum
