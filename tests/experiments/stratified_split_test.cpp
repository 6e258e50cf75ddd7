// SPDX-License-Identifier: MIT
// The stratified split, against what scikit-learn 1.9.1's train_test_split made of the same labels.
#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/data/split.h"
#include "experiments/data/stratified_shuffle.h"

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<int> small_labels() {
    std::vector<int> labels;
    for (int i = 0; i < 40; ++i) {
        const int remainder = (i * i + 3 * i) % 7;  // 0, 3, 4 or 5
        labels.push_back(remainder == 3 ? 2 : remainder == 5 ? 1 : 0);
    }
    return labels;
}

ClipTable table_of(const std::vector<int>& labels, int classes) {
    ClipTable table;
    for (int c = 0; c < classes; ++c) table.classes.push_back("class" + std::to_string(c));
    for (const int label : labels) {
        const std::string id = "clip" + std::to_string(table.clips.size());
        table.clips.push_back({.id = id, .group = id, .label = label, .row = 0, .audio = {}});
    }
    return table;
}

// t: train, v: val, e: test.
std::string letters(const Split& split) {
    std::string text;
    for (const Part part : split.parts) text += part == Part::train ? 't' : part == Part::val ? 'v' : 'e';
    return text;
}

TEST(StratifiedSplit, DrawsTheRowsOfScikitLearnInItsOrder) {
    const ShuffledParts parts = stratified_shuffle_split(small_labels(), 0.3, 42);
    EXPECT_THAT(parts.train, ElementsAre(3, 1, 14, 2, 15, 6, 29, 25, 33, 30, 38, 8, 28, 4, 37, 12, 31, 13, 36,
                                         22, 16, 18, 0, 26, 5, 21, 27, 7));
    EXPECT_THAT(parts.test, ElementsAre(9, 23, 24, 10, 32, 20, 34, 19, 39, 17, 35, 11));
}

TEST(StratifiedSplit, SplitsTheRestAgain) {
    const ClipTable table = table_of(small_labels(), 3);
    EXPECT_EQ(letters(stratified_split(table, {.kind = SplitKind::stratified}, 42)),
              "tttttttttevetttttetevttvvtttttttetvvttte");
    EXPECT_EQ(letters(stratified_split(
                  table, {.kind = SplitKind::stratified, .rest_share = 0.35, .test_share = 0.4}, 7)),
              "ttvtvetvtetvttetttttvttteetttttvvvettttt");
}

// The labels of the GTZAN spectrogram pictures: 100 of each of ten genres, save for one with 99.
TEST(StratifiedSplit, SplitsGtzanAsPublished) {
    std::vector<int> labels;
    for (int genre = 0; genre < 10; ++genre) labels.insert(labels.end(), genre == 5 ? 99 : 100, genre);
    const std::string parts =
        letters(stratified_split(table_of(labels, 10), {.kind = SplitKind::stratified}, 42));
    EXPECT_EQ(std::ranges::count(parts, 't'), 699);
    EXPECT_EQ(std::ranges::count(parts, 'v'), 150);
    std::uint32_t crc = 0xFFFFFFFF;  // zlib.crc32 of the letters
    for (const char letter : parts) {
        crc ^= static_cast<unsigned char>(letter);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xEDB88320 & (0 - (crc & 1)));
    }
    EXPECT_EQ(~crc, 2423141087U);
}

TEST(StratifiedSplit, SaysWhichClassIsTooSmall) {
    std::vector<int> labels(20, 0);
    labels.insert(labels.end(), {1, 1});
    try {
        stratified_split(table_of(labels, 2), {.kind = SplitKind::stratified}, 1);
        FAIL() << "no error";
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::data);
        EXPECT_THAT(error.diagnostics().at(0).message, HasSubstr("class 'class1' has 2 clips, too few"));
    }
}

TEST(StratifiedSplit, WarnsOfGroupsInTwoParts) {
    ClipTable table = table_of(small_labels(), 3);
    for (auto& clip : table.clips) clip.group = "one";
    const Split split = stratified_split(table, {.kind = SplitKind::stratified}, 42);
    EXPECT_THAT(split_warnings(table, split).at(0), HasSubstr("clips of 'one'"));
}

}  // namespace
}  // namespace kickdrum
