// SPDX-License-Identifier: MIT
#include "experiments/runs/csv.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CsvField, QuotesOnlyWhereNeeded) {
    EXPECT_EQ(csv_field("plain name"), "plain name");
    EXPECT_EQ(csv_field(""), "");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
    EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
    EXPECT_EQ(csv_field("cr\r"), "\"cr\r\"");
    EXPECT_EQ(csv_field("dürre"), "dürre");
}

TEST(ParseCsv, ReadsRowsWithTheirLines) {
    const auto rows = parse_csv("a,b\n1,2\n\n3,\"4\n5\"\n6,7");
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_THAT(rows[0].fields, ElementsAre("a", "b"));
    EXPECT_EQ(rows[0].line, 1);
    EXPECT_EQ(rows[1].line, 2);
    EXPECT_THAT(rows[2].fields, ElementsAre("3", "4\n5"));
    EXPECT_EQ(rows[2].line, 4);
    EXPECT_THAT(rows[3].fields, ElementsAre("6", "7"));
    EXPECT_EQ(rows[3].line, 6);
}

TEST(ParseCsv, KeepsEmptyFields) {
    const auto rows = parse_csv("a,,c,\n,\n");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_THAT(rows[0].fields, ElementsAre("a", "", "c", ""));
    EXPECT_THAT(rows[1].fields, ElementsAre("", ""));
}

TEST(ParseCsv, ReadsLinesOfWindows) {
    const auto rows = parse_csv("a,b\r\n1,2\r\n");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_THAT(rows[0].fields, ElementsAre("a", "b"));
    EXPECT_THAT(rows[1].fields, ElementsAre("1", "2"));
}

TEST(ParseCsv, NothingHasNoRows) {
    EXPECT_THAT(parse_csv(""), IsEmpty());
    EXPECT_THAT(parse_csv("\n\r\n\n"), IsEmpty());
}

TEST(ParseCsv, TakesBackWhatFieldsSay) {
    for (const std::string text : {"a,b", "\"", "\"\"", "x\ny", "cr\rlf\n", " spaces ", ",", "日本"}) {
        const auto rows = parse_csv(fmt::format("first,{},last\n", csv_field(text)));
        ASSERT_EQ(rows.size(), 1U) << text;
        EXPECT_THAT(rows[0].fields, ElementsAre("first", text, "last"));
    }
}

TEST(ParseCsv, AnOpenQuoteRunsToTheEnd) {
    const auto rows = parse_csv("a,\"b\nc,d");
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_THAT(rows[0].fields, ElementsAre("a", "b\nc,d"));
}

}  // namespace
}  // namespace kickdrum
