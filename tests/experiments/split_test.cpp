// SPDX-License-Identifier: MIT
#include "experiments/data/split.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "experiments/data/labels.h"
#include "experiments/data/numpy_statistics.h"
#include "experiments/data/select.h"
#include "experiments/files.h"
#include "experiments/runs/csv.h"
#include "tests/experiments/split_reference.h"

namespace kickdrum {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The same clips as table() of scripts/make_split_reference.py.
ClipTable made_up_clips(int clips, int groups, int classes, int pure) {
    ClipTable table;
    for (int c = 0; c < classes; ++c) table.classes.push_back(fmt::format("class{}", c));
    auto state = static_cast<std::uint64_t>(clips);
    const auto draw = [&](int below) {
        state = (state * 1103515245 + 12345) % (std::uint64_t{1} << 31);
        return static_cast<int>(state / 65536 % static_cast<std::uint64_t>(below));
    };
    for (int i = 0; i < clips; ++i) {
        const int group = draw(groups);
        const bool of_group = draw(10) < pure;
        const int other = draw(classes);
        table.clips.push_back({.id = fmt::format("clip{}", i),
                               .group = fmt::format("{}{}", group % 3 == 0 ? "é" : "g", group),
                               .label = of_group ? group % classes : other,
                               .row = i + 2,
                               .audio = {}});
    }
    return table;
}

struct Columns {
    std::vector<int> labels;
    std::vector<std::string> groups;
};

Columns columns(const ClipTable& table) {
    Columns columns;
    for (const auto& clip : table.clips) {
        columns.labels.push_back(clip.label);
        columns.groups.push_back(clip.group);
    }
    return columns;
}

// Clips by class and group: {{3, 2}, {1}} are two groups of class a with 3 and 2 clips, one of class b
// with 1.
ClipTable table_of(const std::vector<std::vector<int>>& clips) {
    ClipTable table;
    table.file = "labels.csv";
    for (std::size_t c = 0; c < clips.size(); ++c) {
        table.classes.emplace_back(1, static_cast<char>('a' + c));
        for (std::size_t g = 0; g < clips[c].size(); ++g) {
            for (int i = 0; i < clips[c][g]; ++i) {
                table.clips.push_back({.id = fmt::format("{}{}-{}", table.classes[c], g, i),
                                       .group = fmt::format("{}{}", table.classes[c], g),
                                       .label = static_cast<int>(c),
                                       .row = static_cast<int>(table.clips.size()) + 2,
                                       .audio = {}});
            }
        }
    }
    return table;
}

std::string error_of(const ClipTable& table, const SplitConfig& config, std::uint32_t seed = 42) {
    try {
        group_stratified_split(table, config, seed);
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::data);
        return error.what();
    }
    return "no error";
}

TEST(GroupFolds, AreThoseOfScikitLearn) {
    for (const auto& reference : kFoldReferences) {
        const Columns clips =
            columns(made_up_clips(reference.clips, reference.groups, reference.classes, reference.pure));
        const std::vector<int> folds = stratified_group_folds(clips.labels, clips.groups, reference.folds,
                                                              reference.seed, reference.shuffle);
        std::uint32_t hash = 2166136261U;
        for (const int fold : folds) hash = (hash ^ static_cast<std::uint32_t>('a' + fold)) * 16777619U;
        SCOPED_TRACE(fmt::format("{} clips, {} groups, {} classes, {} folds, seed {}, {}", reference.clips,
                                 reference.groups, reference.classes, reference.folds, reference.seed,
                                 reference.shuffle == GroupShuffle::counts_only ? "1.7" : "1.8"));
        EXPECT_EQ(std::ranges::count(folds, 0), reference.first_fold);
        EXPECT_EQ(hash, reference.hash);
    }
}

TEST(GroupFolds, NeedTwoFoldsAndAsManyGroups) {
    const std::vector<int> labels{0, 1, 0};
    const std::vector<std::string> groups{"a", "b", "a"};
    const auto folds = [&](int count) {
        return stratified_group_folds(labels, groups, count, 0, GroupShuffle::counts_only);
    };
    EXPECT_NO_THROW(folds(2));
    EXPECT_THROW(folds(1), std::invalid_argument);
    EXPECT_THROW(folds(3), std::invalid_argument);
    EXPECT_THROW(stratified_group_folds(std::vector<int>{0}, groups, 2, 0, GroupShuffle::counts_only),
                 std::invalid_argument);
}

// Values whose sum depends on the order; expected values printed by NumPy 2.4.6 with float.hex().
TEST(NumpyStatistics, HaveNumpysBits) {
    const auto values = [](int count) {
        std::vector<double> result;
        for (int i = 0; i < count; ++i) result.push_back(std::sqrt(i + 0.5) / 7);
        return result;
    };
    EXPECT_EQ(numpy::sum(values(3)), 0x1.00f33dc0a078bp-1);
    EXPECT_EQ(numpy::standard_deviation(values(3)), 0x1.a3f21f3e5ec10p-5);
    EXPECT_EQ(numpy::sum(values(7)), 0x1.c57b016959b84p+0);
    EXPECT_EQ(numpy::standard_deviation(values(7)), 0x1.601d5674f2de9p-4);
    EXPECT_EQ(numpy::sum(values(8)), 0x1.14d1572772e8ep+1);
    EXPECT_EQ(numpy::standard_deviation(values(8)), 0x1.7ad7070a4fe97p-4);
    EXPECT_EQ(numpy::sum(values(20)), 0x1.10d829be3de88p+3);
    EXPECT_EQ(numpy::standard_deviation(values(20)), 0x1.320f9356d861ep-3);
    EXPECT_EQ(numpy::sum(values(128)), 0x1.13db198f1c37cp+7);
    EXPECT_EQ(numpy::standard_deviation(values(128)), 0x1.85e7814c112b8p-2);
    EXPECT_EQ(numpy::sum(values(129)), 0x1.17183b41d431ep+7);
    EXPECT_EQ(numpy::standard_deviation(values(129)), 0x1.876d36eb199e7p-2);
    EXPECT_EQ(numpy::sum(values(300)), 0x1.eee153dbbe543p+8);
    EXPECT_EQ(numpy::standard_deviation(values(300)), 0x1.2a903488df646p-1);
    EXPECT_EQ(numpy::sum(values(1000)), 0x1.7876739f09a28p+11);
    EXPECT_EQ(numpy::standard_deviation(values(1000)), 0x1.1094c33e76715p+0);
    EXPECT_EQ(numpy::mean(values(60)), 0x1.79c76efe84b32p-1);
    EXPECT_EQ(numpy::column_deviation(values(60), 3, 0), 0x1.151480d62ea9ap-2);
    EXPECT_EQ(numpy::column_deviation(values(60), 3, 1), 0x1.090e7470e3b0ap-2);
    EXPECT_EQ(numpy::column_deviation(values(60), 3, 2), 0x1.004b5f7fe3e14p-2);
    EXPECT_EQ(numpy::column_deviation(values(60), 1, 0), 0x1.0aada35b93254p-2);
}

TEST(NumpyStatistics, ClosenessIsRelativeToTheSecond) {
    EXPECT_TRUE(numpy::is_close(1, 1.000009));
    EXPECT_FALSE(numpy::is_close(1, 1.00002));
    EXPECT_TRUE(numpy::is_close(0, 9e-9));
    EXPECT_FALSE(numpy::is_close(1, INFINITY));
    EXPECT_FALSE(numpy::is_close(NAN, NAN));
}

// The published split of the hard-techno clips, row for row.
TEST(Split, IsThePublishedOne) {
    const char* variable = std::getenv("KICKDRUM_REFERENCE_DATA");
    const std::filesystem::path data =
        std::filesystem::path(variable != nullptr ? variable : KICKDRUM_SOURCE_DIR "/../shared/data") /
        "hard_techno";
    if (!std::filesystem::exists(data)) GTEST_SKIP() << "no reference data at " << data;

    DataConfig config;
    config.labels = data / "labels.csv";
    config.audio = data / "clips";
    config.classes = {"bouncy", "tekno", "warzone", "industrial", "non-techno-drop"};
    ClipTable table = read_labels(config);
    EXPECT_EQ(table.clips.size(), 1320U);
    std::vector<std::size_t> silent;  // 15 of the labelled clips were never published
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        if (table.clips[i].audio.empty()) silent.push_back(i);
    }
    table = without_clips(table, silent);

    const std::vector<CsvRow> reference = parse_csv(read_file(data / "reference" / "splits.csv"));
    ASSERT_EQ(reference.size(), table.clips.size() + 1);
    for (std::uint32_t seed = 42; seed <= 46; ++seed) {
        const auto& header = reference[0].fields;
        const auto column =
            static_cast<std::size_t>(std::ranges::find(header, fmt::format("seed{}", seed)) - header.begin());
        const Split split = group_stratified_split(table, SplitConfig{}, seed);
        for (std::size_t i = 0; i < table.clips.size(); ++i) {
            ASSERT_EQ(reference[i + 1].fields.at(0), table.clips[i].id);
            ASSERT_EQ(reference[i + 1].fields.at(column), to_string(split.parts[i])) << table.clips[i].id;
        }
    }
}

TEST(Split, SaysHowManyGroupsAClassLacks) {
    const ClipTable table = table_of({{2, 2, 2, 2}, {3, 3}, {5}});
    EXPECT_EQ(error_of(table, {}),
              "labels.csv: error: class 'b' has 2 groups, but needs 3 at least, one each for train, val and "
              "test: label "
              "clips of more groups, or leave the class out of 'data.classes'\n"
              "labels.csv: error: class 'c' has 1 group, but needs 3 at least, one each for train, val and "
              "test: label "
              "clips of more groups, or leave the class out of 'data.classes'");
}

TEST(Split, SaysWhenThereAreFewerGroupsThanFolds) {
    EXPECT_EQ(error_of(table_of({{1, 1, 1}}), {}),
              "labels.csv: error: 3 groups, but 'split.folds: [3, 2]' needs at least 4: label clips of more "
              "groups, or "
              "ask for fewer folds");
    EXPECT_THAT(error_of(table_of({{1, 1, 1, 1}}), {.folds = {5, 3}, .seeds = {42}}),
                HasSubstr("4 groups, but 'split.folds: [5, 3]' needs at least 7"));
}

TEST(Split, SaysWhenTheRestHasTooFewGroups) {
    // The rest is one of four groups in each of two folds at most: never three.
    const std::string message = error_of(table_of({{1, 1, 1, 1, 1}}), {.folds = {2, 4}, .seeds = {42}}, 7);
    EXPECT_THAT(message, HasSubstr("left to make val and test of, but 'split.folds' asks for 4 folds"));
    EXPECT_THAT(message, HasSubstr("try another 'split.seed' than 7"));
}

TEST(Split, CollectsItsProblemsWithThoseOfOthers) {
    Problems problems;
    problems.add({.message = "something else", .file = {}});
    check_groups(table_of({{1}, {1}}), {}, problems);
    EXPECT_EQ(problems.list().size(), 4U);
    Problems none;
    check_groups(table_of({{1, 2, 3}, {1, 2, 3}}), {}, none);
    EXPECT_TRUE(none.empty());
}

TEST(Split, WorksWithoutLabels) {
    ClipTable table = table_of({{2, 2, 2, 2, 2, 2, 2, 2, 2}});
    table.classes.clear();
    const Split split = group_stratified_split(table, {}, 42);
    EXPECT_EQ(std::ranges::count(split.parts, Part::train), 12);
    EXPECT_TRUE(split_warnings(table, split).empty());
}

TEST(Split, WarnsOfAPartWithoutAClass) {
    const ClipTable table = table_of({{1, 1, 1}, {1, 1, 1}});
    const Split split{.seed = 5,
                      .parts = {Part::train, Part::val, Part::test, Part::train, Part::train, Part::val}};
    EXPECT_THAT(
        split_warnings(table, split),
        ElementsAre(
            "test has no clip of 'b' (split seed 5): its scores say nothing about that class; label more "
            "groups of it or try another 'split.seed'"));
}

TEST(Split, NoticesALeak) {
    const ClipTable table = table_of({{2, 1}});
    EXPECT_NO_THROW(check_no_leak(table, {.seed = 1, .parts = {Part::train, Part::train, Part::val}}));
    EXPECT_THROW(check_no_leak(table, {.seed = 1, .parts = {Part::train, Part::val, Part::val}}),
                 std::logic_error);
    EXPECT_THROW(check_no_leak(table, {.seed = 1, .parts = {Part::train}}), std::logic_error);
}

TEST(Split, KeepsGroupsTogetherAndFillsEveryPart) {
    for (const auto shuffle : {GroupShuffle::counts_only, GroupShuffle::with_their_group}) {
        for (int trial = 0; trial < 40; ++trial) {
            const ClipTable table =
                made_up_clips(150 + 23 * trial, 30 + 3 * trial, 2 + trial % 5, 7 + trial % 4);
            const auto seed = static_cast<std::uint32_t>(trial);
            SCOPED_TRACE(fmt::format("trial {}", trial));
            const Split split = group_stratified_split(table, {}, seed, shuffle);
            EXPECT_EQ(split.parts, group_stratified_split(table, {}, seed, shuffle).parts);
            std::map<std::string, std::set<Part>> parts_of_group;
            for (std::size_t i = 0; i < table.clips.size(); ++i) {
                parts_of_group[table.clips[i].group].insert(split.parts[i]);
            }
            for (const auto& [group, parts] : parts_of_group) EXPECT_EQ(parts.size(), 1U) << group;
            for (const auto part : {Part::train, Part::val, Part::test}) {
                EXPECT_GT(std::ranges::count(split.parts, part), 0);
            }
        }
    }
}

// Whole groups can't be cut, so a class's share of train is off by about a group's clips. With the groups'
// own counts balanced, the deviation stays below one group's share of the class in tables of pure groups.
TEST(Split, KeepsTheSharesOfTheClassesWhereGroupsGoWithTheirCounts) {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        const ClipTable table = made_up_clips(600, 90, 3, 10);
        const Split split = group_stratified_split(table, {}, seed, GroupShuffle::with_their_group);
        std::vector<double> all(3);
        std::vector<double> train(3);
        for (std::size_t i = 0; i < table.clips.size(); ++i) {
            const auto label = static_cast<std::size_t>(table.clips[i].label);
            all[label] += 1;
            if (split.parts[i] == Part::train) train[label] += 1;
        }
        for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(train[c] / all[c], 2.0 / 3, 0.05) << "seed " << seed;
    }
}

}  // namespace
}  // namespace kickdrum
