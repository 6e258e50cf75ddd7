// SPDX-License-Identifier: MIT
#include "experiments/data/data_summary.h"

#include <gtest/gtest.h>

namespace kickdrum {
namespace {

// Three groups; "mixed" has clips of both classes.
ClipTable small_table() {
    ClipTable table{.classes = {"dub", "années 90"}, .clips = {}};
    const auto add = [&](const char* id, const char* group, int label) {
        table.clips.push_back({.id = id, .group = group, .label = label, .audio = {}});
    };
    add("a", "mixed", 0);
    add("b", "mixed", 1);
    add("c", "one", 0);
    add("d", "one", 0);
    add("e", "two", 1);
    return table;
}

TEST(DataSummary, CountsClassesAndParts) {
    ClipTable table = small_table();
    table.dropped = {{.reason = "with none of the classes", .rows = 12},
                     {.reason = "with an empty 'x'", .rows = 1}};
    const std::vector<SkippedClip> skipped{{.id = "f", .reason = "clips/f.mp3 can't be decoded"}};
    const std::vector<Split> splits{
        {.seed = 42, .parts = {Part::train, Part::train, Part::val, Part::val, Part::test}},
        {.seed = 43, .parts = {Part::test, Part::test, Part::train, Part::train, Part::val}},
    };
    EXPECT_EQ(data_summary(table, splits, skipped),
              "class        clips   groups\n"
              "dub              3        2\n"
              "années 90        2        2\n"
              "total            5        3\n"
              "\n"
              "12 rows left out: with none of the classes\n"
              "1 row left out: with an empty 'x'\n"
              "1 clip skipped:\n"
              "  f: clips/f.mp3 can't be decoded\n"
              "\n"
              "split 42     train      val     test\n"
              "dub              1        2        0\n"
              "années 90        1        0        1\n"
              "clips            2        2        1\n"
              "groups           1        1        1\n"
              "\n"
              "split 43     train      val     test\n"
              "dub              2        0        1\n"
              "années 90        0        1        1\n"
              "clips            2        1        2\n"
              "groups           1        1        1\n");
}

TEST(DataSummary, IsShortWhereNothingWasLeftOut) {
    EXPECT_EQ(data_summary(small_table(), {}, {}),
              "class        clips   groups\n"
              "dub              3        2\n"
              "années 90        2        2\n"
              "total            5        3\n");
}

TEST(DataSummary, CountsClipsWithoutLabels) {
    ClipTable table = small_table();
    table.classes.clear();
    EXPECT_EQ(data_summary(table, {}, {}),
              "class    clips   groups\n"
              "total        5        3\n");
}

}  // namespace
}  // namespace kickdrum
