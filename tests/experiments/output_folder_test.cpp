// SPDX-License-Identifier: MIT
#include "experiments/data/output_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "experiments/files.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

using State = OutputFolder::State;

class OutputFolderTest : public testing::Test {
 protected:
    void put(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories(out_);
        std::ofstream(out_ / name) << text;
    }

    TemporaryFolder folder_;
    std::filesystem::path out_ = folder_.path() / "a" / "out";
};

TEST_F(OutputFolderTest, GoesOnWhereItEnded) {
    {
        OutputFolder out(out_, false);
        EXPECT_EQ(out.state("a.wav", "one"), State::to_make);
        out.write("a.wav", "one", "sound");
    }
    OutputFolder again(out_, false);
    EXPECT_EQ(again.state("a.wav", "one"), State::done);
    EXPECT_EQ(again.state("a.wav", "two"), State::to_make) << "made from something else";
    EXPECT_EQ(again.state("b.wav", "one"), State::to_make);
    EXPECT_EQ(read_file(out_ / "a.wav"), "sound");
}

TEST_F(OutputFolderTest, TheLastOriginCounts) {
    OutputFolder(out_, false).write("a.wav", "one", "1");
    OutputFolder(out_, false).write("a.wav", "two", "2");
    const OutputFolder again(out_, false);
    EXPECT_EQ(again.state("a.wav", "one"), State::to_make);
    EXPECT_EQ(again.state("a.wav", "two"), State::done);
}

// Killed after the journal was written and before the file was: the file is missing, so it's made.
TEST_F(OutputFolderTest, AJournalWithoutTheFile) {
    OutputFolder(out_, false).write("a.wav", "one", "1");
    std::filesystem::remove(out_ / "a.wav");
    EXPECT_EQ(OutputFolder(out_, false).state("a.wav", "one"), State::to_make);
}

// Killed while the journal was written.
TEST_F(OutputFolderTest, AJournalThatIsCutOff) {
    OutputFolder(out_, false).write("a.wav", "one", "1");
    OutputFolder(out_, false).write("b.wav", "one", "1");
    const std::string journal = read_file(out_ / ".kickdrum-files");
    put(".kickdrum-files", journal.substr(0, journal.size() - 4));
    OutputFolder out(out_, false);
    EXPECT_EQ(out.state("a.wav", "one"), State::done);
    EXPECT_EQ(out.state("b.wav", "one"), State::foreign);
}

TEST_F(OutputFolderTest, WhatFollowsACutOffLineIsKept) {
    put(".kickdrum-files", "0123");
    OutputFolder(out_, false).write("c.wav", "one", "1");
    EXPECT_EQ(OutputFolder(out_, false).state("c.wav", "one"), State::done);
}

TEST_F(OutputFolderTest, FilesOfOthersAreLeftAlone) {
    put("a.wav", "mine");
    EXPECT_EQ(OutputFolder(out_, false).state("a.wav", "one"), State::foreign);
    OutputFolder forced(out_, true);
    EXPECT_EQ(forced.state("a.wav", "one"), State::to_make);
    forced.write("a.wav", "one", "1");
    EXPECT_EQ(read_file(out_ / "a.wav"), "1");
}

TEST_F(OutputFolderTest, LeftoversOfAKilledProcessGo) {
    put("a.wav.123.4.tmp", "half");
    put("notes.tmp", "mine");
    const OutputFolder out(out_, false);
    EXPECT_FALSE(std::filesystem::exists(out_ / "a.wav.123.4.tmp"));
    EXPECT_TRUE(std::filesystem::exists(out_ / "notes.tmp"));
}

TEST_F(OutputFolderTest, OneProcessAtATime) {
    const OutputFolder out(out_, false);
    EXPECT_THROW(OutputFolder(out_, false), UserError);
}

TEST_F(OutputFolderTest, AFileInsteadOfAFolder) {
    std::ofstream(folder_.path() / "file") << "x";
    EXPECT_THROW(OutputFolder(folder_.path() / "file", false), UserError);
    EXPECT_THROW(OutputFolder(folder_.path() / "file" / "below", false), UserError);
}

TEST(OutputFolder, NamesOfFiles) {
    for (const char* name : {"a", "track 1", "Ünïcode-名前", ".hidden", "a.b"})
        EXPECT_EQ(reason_against_file_name(name), "") << name;
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a\\b"),
          std::string("a\nb"), std::string("a\0b", 3), std::string(201, 'x')})
        EXPECT_NE(reason_against_file_name(name), "") << name;
}

}  // namespace
}  // namespace kickdrum
