// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <bit>
#include <cstring>

#include "experiments/export/mlflow.h"
#include "experiments/export/tensorboard.h"
#include "experiments/files.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(Tensorboard, Crc32cOfRfc3720) {
    EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
    EXPECT_EQ(crc32c(""), 0U);
}

std::uint32_t word(const std::string& bytes, std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    return value;
}

// The events of a file, with their checks checked by the definition of the mask.
std::vector<std::string> events_of(const std::string& bytes) {
    const auto masked = [](std::uint32_t crc) { return std::rotr(crc, 15) + 0xA282EAD8U; };
    std::vector<std::string> events;
    for (std::size_t at = 0; at < bytes.size();) {
        std::uint64_t length = 0;
        std::memcpy(&length, bytes.data() + at, sizeof(length));
        EXPECT_EQ(word(bytes, at + 8), masked(crc32c(bytes.substr(at, 8))));
        events.push_back(bytes.substr(at + 12, length));
        EXPECT_EQ(word(bytes, at + 12 + length), masked(crc32c(events.back())));
        at += 16 + length;
    }
    return events;
}

TEST(Tensorboard, AFileOfEvents) {
    const TemporaryFolder folder;
    const auto history = synthetic_history(1, 3);
    {
        TensorboardLog log(folder.path(), std::span(history).first(2));
        log.add(history[2]);
    }
    const auto events = events_of(read_file(folder / "events.out.tfevents.0.kickdrum"));
    ASSERT_EQ(events.size(), 4U);
    EXPECT_THAT(events[0], HasSubstr("brain.Event:2"));
    // wall_time: tag 1, fixed64; step: tag 2, varint 3; then the summary.
    EXPECT_EQ(events[3][0], '\x09');
    EXPECT_EQ(events[3].substr(9, 2), "\x10\x03");
    const auto at = events[3].find("loss/val");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(events[3][at + 8], '\x15');  // tag 2, fixed32
    EXPECT_EQ(std::bit_cast<float>(word(events[3], at + 9)), static_cast<float>(history[2].val_loss));
    // A run that goes on begins its file anew.
    { const TensorboardLog log(folder.path(), std::span(history).first(1)); }
    EXPECT_EQ(events_of(read_file(folder / "events.out.tfevents.0.kickdrum")).size(), 2U);
}

TEST(Mlflow, AStoreOfRuns) {
    const TemporaryFolder folder;
    Results results = synthetic_results(2, 2, {42}, {"a b", "c/d"});
    results.folder = folder / "results";
    results.resolved_yaml = "name: x\ntraining:\n  batch_size: 64\nmodel:\n  - flatten\n";
    for (int time = 0; time < 2; ++time) {  // the second takes the place of the first
        write_mlflow(folder / "store", results);
        std::vector<fs::path> experiments;
        for (const auto& entry : fs::directory_iterator(folder / "store"))
            experiments.push_back(entry.path());
        ASSERT_EQ(experiments.size(), 1U);
        EXPECT_EQ(experiments[0].filename().string().find_first_not_of("0123456789"), std::string::npos);
        EXPECT_THAT(read_file(experiments[0] / "meta.yaml"), HasSubstr("name: \"synthetic-main\""));
        int runs = 0;
        for (const auto& entry : fs::directory_iterator(experiments[0])) {
            if (!entry.is_directory()) continue;
            ++runs;
            EXPECT_EQ(read_file(entry.path() / "params/training.batch_size"), "64");
            const std::string curve = read_file(entry.path() / "metrics/val_loss");
            EXPECT_EQ(curve.substr(curve.rfind(' ') + 1),
                      std::to_string(std::ranges::count(curve, '\n')) + "\n");
            EXPECT_THAT(read_file(entry.path() / "meta.yaml"), HasSubstr("status: 3"));
            EXPECT_TRUE(fs::exists(entry.path() / "metrics/test.weighted_f1"));
        }
        EXPECT_EQ(runs, 2);
    }
}

}  // namespace
}  // namespace kickdrum
