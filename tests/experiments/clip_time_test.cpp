// SPDX-License-Identifier: MIT
#include "experiments/data/clip_time.h"

#include <gtest/gtest.h>

namespace kickdrum {
namespace {

TEST(ClipTime, Forms) {
    EXPECT_EQ(parse_clip_time("1:01"), 61);
    EXPECT_EQ(parse_clip_time("0:00"), 0);
    EXPECT_EQ(parse_clip_time("75:30"), 4530);
    EXPECT_EQ(parse_clip_time("1:02:03"), 3723);
    EXPECT_EQ(parse_clip_time("1:02.5"), 62.5);
    EXPECT_EQ(parse_clip_time("62.25"), 62.25);
    EXPECT_EQ(parse_clip_time("62"), 62);
    EXPECT_EQ(parse_clip_time(" 3:07 "), 187);
}

TEST(ClipTime, WhatIsNone) {
    for (const char* text :
         {"",     " ",          "3:7x",   "3:7", "3:75", "1:60:00", "1:2:3",       "-1:00",
          "-5",   "+5",         "1e3",    "nan", "inf",  "0x10",    "1:",          ":30",
          "1::2", "1:02:03:04", "1.5:00", "5.",  ".5",   "1,5",     "99999999999", "1:0 2"}) {
        EXPECT_EQ(parse_clip_time(text), std::nullopt) << '"' << text << '"';
    }
}

TEST(ClipTime, Text) {
    EXPECT_EQ(clip_time_text(0), "0:00");
    EXPECT_EQ(clip_time_text(62.5), "1:02.5");
    EXPECT_EQ(clip_time_text(59.9999), "1:00");
    EXPECT_EQ(clip_time_text(4530), "75:30");
}

}  // namespace
}  // namespace kickdrum
