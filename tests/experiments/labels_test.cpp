// SPDX-License-Identifier: MIT
#include "experiments/data/labels.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "experiments/data/select.h"
#include "experiments/diagnostics.h"
#include "experiments/runs/csv.h"

namespace kickdrum {
namespace {

using ::testing::ElementsAre;

class Labels : public ::testing::Test {
 protected:
    Labels()
        : folder_(std::filesystem::temp_directory_path() /
                  fmt::format("kickdrum_labels_{}_{}", ::getpid(),
                              ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
        std::filesystem::create_directories(folder_ / "clips");
        config_.labels = folder_ / "labels.csv";
        config_.audio = folder_ / "clips";
        config_.classes = {"acid", "dub"};
    }
    ~Labels() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    void write(const std::string& text) const { std::ofstream(config_.labels, std::ios::binary) << text; }
    void sound(const std::string& name) const { std::ofstream(config_.audio / name) << "x"; }

    ClipTable read(const std::string& text) const {
        write(text);
        return read_labels(config_);
    }

    // What is wrong, with the folder's name left out.
    std::vector<std::string> problems() const {
        try {
            read_labels(config_);
        } catch (const UserError& error) {
            EXPECT_EQ(error.code(), ExitCode::data);
            std::vector<std::string> lines;
            for (const auto& diagnostic : error.diagnostics()) {
                std::string line = to_string(diagnostic);
                for (auto at = line.find(folder_.string()); at != std::string::npos;
                     at = line.find(folder_.string())) {
                    line.erase(at, folder_.string().size() + 1);
                }
                lines.push_back(line);
            }
            return lines;
        }
        return {};
    }
    std::vector<std::string> problems(const std::string& text) const {
        write(text);
        return problems();
    }

    std::filesystem::path folder_;
    DataConfig config_;
};

std::vector<std::string> summary(const ClipTable& table) {
    std::vector<std::string> clips;
    for (const auto& clip : table.clips) {
        clips.push_back(fmt::format("{}:{} {} {} {}", clip.row, clip.id, clip.group, clip.label,
                                    clip.audio.filename().string()));
    }
    return clips;
}

TEST_F(Labels, KeepRowsWithExactlyOneClass) {
    sound("a.mp3");
    sound("b.x.WAV");
    sound("d.txt");
    std::filesystem::create_directory(config_.audio / "d.wav");
    const ClipTable table = read(
        "dub,sample_id,other,spot_id,acid\n"
        "0,a,1,t1,1\n"
        "1,b.x,0,t1,0\n"
        "1,c,0,t2,1\n"
        "\n"
        "0,e,1,t2,0\n"
        "1,d,1,t3,0\n");
    EXPECT_THAT(table.classes, ElementsAre("acid", "dub"));
    EXPECT_THAT(summary(table), ElementsAre("2:a t1 0 a.mp3", "3:b.x t1 1 b.x.WAV", "7:d t3 1 "));
    ASSERT_EQ(table.dropped.size(), 2U);
    EXPECT_EQ(table.dropped[0].rows, 1);
    EXPECT_EQ(table.dropped[0].reason, "with none of the classes");
    EXPECT_EQ(table.dropped[1].rows, 1);
    EXPECT_EQ(table.dropped[1].reason, "with more than one of the classes");
    EXPECT_EQ(table.file, config_.labels);
}

TEST_F(Labels, FindEveryKindOfAudio) {
    std::string text = "sample_id,spot_id,acid,dub\n";
    for (const std::string kind : {"mp3", "wav", "flac", "ogg", "aiff", "aif", "au", "opus", "OGG", "Mp3"}) {
        sound("clip-" + kind + "." + kind);
        text += "clip-" + kind + ",t,1,0\n";
    }
    for (const auto& clip : read(text + "z,t,0,1\n").clips) {
        EXPECT_EQ(clip.audio.empty(), clip.id == "z") << clip.id;
    }
}

TEST_F(Labels, NeedNoAudioFolderWhereNoneIsNamed) {
    config_.audio.clear();
    EXPECT_THAT(summary(read("sample_id,spot_id,acid,dub\na,t,1,0\nb,t,0,1\n")),
                ElementsAre("2:a t 0 ", "3:b t 1 "));
}

TEST_F(Labels, TakeClassesFromAColumnOfNames) {
    config_.label = "genre";
    const std::string text = "sample_id,spot_id,genre\na,t,dub\nb,t,house\nc,u,acid\nd,u,\n";
    const ClipTable some = read(text);
    EXPECT_THAT(summary(some), ElementsAre("2:a t 1 ", "4:c u 0 "));
    ASSERT_EQ(some.dropped.size(), 2U);
    EXPECT_EQ(some.dropped[0].reason, "with another 'genre'");
    EXPECT_EQ(some.dropped[1].reason, "with an empty 'genre'");

    config_.classes.clear();
    const ClipTable all = read(text);
    EXPECT_THAT(all.classes, ElementsAre("acid", "dub", "house"));
    EXPECT_THAT(summary(all), ElementsAre("2:a t 1 ", "3:b t 2 ", "4:c u 0 "));
}

TEST_F(Labels, KeepAllRowsWithoutClassesAndLabel) {
    config_.classes.clear();
    config_.group = "sample_id";
    const ClipTable table = read("sample_id,whatever\na,?\nb,\n");
    EXPECT_TRUE(table.classes.empty());
    EXPECT_THAT(summary(table), ElementsAre("2:a a 0 ", "3:b b 0 "));
    EXPECT_TRUE(table.dropped.empty());
}

TEST_F(Labels, ReadByteOrderMarksAndCarriageReturnsAndQuotes) {
    const ClipTable table = read(
        "\xEF\xBB\xBFsample_id,spot_id,acid,dub\r\n\"a\",\"x, "
        "\"\"y\"\"\",1,0\r\nb,\"two\r\nlines\",0,1\r\nc,t,0,1");
    EXPECT_THAT(summary(table), ElementsAre("2:a x, \"y\" 0 ", "3:b two\r\nlines 1 ", "5:c t 1 "));
}

TEST_F(Labels, SayThatTheFileIsMissing) {
    EXPECT_THAT(problems(),
                ElementsAre("labels.csv: error: there is no such label table: check 'data.labels'"));
    std::filesystem::create_directory(config_.labels);
    EXPECT_THAT(problems(),
                ElementsAre("labels.csv: error: this is a folder: 'data.labels' must name a CSV file"));
}

TEST_F(Labels, SayThatTheFileCantBeRead) {
    write("sample_id\n");
    std::filesystem::permissions(config_.labels, std::filesystem::perms::none);
    if (::access(config_.labels.c_str(), R_OK) == 0) GTEST_SKIP() << "root reads everything";
    EXPECT_THAT(problems(),
                ElementsAre("labels.csv: error: can't read the label table: check its permissions"));
}

TEST_F(Labels, SayThatTheTableIsEmpty) {
    for (const std::string text : {"", "\n\n", "\xEF\xBB\xBF"}) {
        EXPECT_THAT(
            problems(text),
            ElementsAre("labels.csv: error: the table is empty: its first line must name the columns"));
    }
    EXPECT_THAT(problems("sample_id,spot_id,acid,dub\n"),
                ElementsAre("labels.csv: error: the table has a header, but no rows: add one for each clip"));
}

TEST_F(Labels, SayWhichEncodingOrSeparatorIsWrong) {
    EXPECT_THAT(problems(std::string("\xFF\xFEs\0a\0", 6)),
                ElementsAre("labels.csv: error: the table is written in UTF-16: save it as UTF-8"));
    EXPECT_THAT(
        problems("sample_id;spot_id\na;b\n"),
        ElementsAre(
            "labels.csv:1:1: error: the columns are separated by semicolons: save the table with commas"));
    EXPECT_THAT(
        problems("sample_id\tspot_id\na\tb\n"),
        ElementsAre("labels.csv:1:1: error: the columns are separated by tabs: save the table with commas"));
}

TEST_F(Labels, NameAllMissingColumnsAtOnce) {
    EXPECT_THAT(
        problems("sampleid,track,acdi,dub\na,t,1,0\n"),
        ElementsAre(
            "labels.csv:1:1: error: there is no column 'sample_id' (did you mean 'sampleid'?): add it, or "
            "name "
            "another in 'data.id'",
            "labels.csv:1:1: error: there is no column 'spot_id': add it, or name another in 'data.group'",
            "labels.csv:1:1: error: there is no column 'acid' (did you mean 'acdi'?): add it, or name "
            "another in "
            "'data.classes'"));
    config_.label = "genre";
    EXPECT_THAT(
        problems("sample_id,spot_id,genres\na,t,acid\n"),
        ElementsAre(
            "labels.csv:1:1: error: there is no column 'genre' (did you mean 'genres'?): add it, or name "
            "another in 'data.label'"));
}

TEST_F(Labels, PointToAColumnThatIsThereTwice) {
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub,acid\na,t,1,0,1\n"),
        ElementsAre(
            "labels.csv:1:28: error: there is a second column 'acid', the first is at column 19: rename or "
            "remove one"));
}

TEST_F(Labels, PointToEveryBadCell) {
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub\n"
                 "a,t,1,0\n"
                 "\"b,1\",é,x,\n"
                 "c,,0,1\n"
                 ",t,0,1\n"
                 "s/d,t,0,1\n"),
        ElementsAre(
            "labels.csv:3:9: error: 'acid' is 'x', but must be 0 or 1",
            "labels.csv:3:11: error: 'dub' is '', but must be 0 or 1",
            "labels.csv:4:3: error: 'spot_id' is empty: name the track that the clip was cut from",
            "labels.csv:5:1: error: 'sample_id' is empty: name the clip's audio file, without extension",
            "labels.csv:6:1: error: 's/d' has a path separator: ids are names of files in the audio "
            "folder"));
}

TEST_F(Labels, PointToRowsOfTheWrongLength) {
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub\na,t,1,0\nb,t\nc,Song, The,0,1\nd,t,0,1\n"),
        ElementsAre(
            "labels.csv:3:1: error: this row has 2 fields, but the header has 4: 'acid' is missing",
            "labels.csv:4:15: error: this row has 5 fields, but the header has 4: put a field that has a "
            "comma into quotes"));
}

TEST_F(Labels, PointToAQuoteThatNeverEnds) {
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub\na,t,1,0\nb,t,0,1\nc,\"t,0,1\nd,t,0,1\n"),
        ElementsAre(
            "labels.csv:4:3: error: a quote begins here and never ends: close it, or double it if it belongs "
            "to the text"));
}

TEST_F(Labels, PointToBothRowsOfAnId) {
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub\na,t,1,0\nb,t,0,1\na,u,0,1\n"),
        ElementsAre(
            "labels.csv:4:1: error: clip 'a' is in the table twice, first in line 2: remove one of the "
            "rows"));
}

TEST_F(Labels, PointToAClassWithoutClips) {
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub\na,t,1,0\n"),
        ElementsAre(
            "labels.csv:1:24: error: class 'dub' has no clip, no row has a 1 here: label clips of it, or "
            "leave it out of 'data.classes'"));
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub\na,t,1,0\nb,t,1,1\n"),
        ElementsAre(
            "labels.csv:1:24: error: class 'dub' has no clip, every row with a 1 here (1) has another class "
            "too: label clips of it, or leave it out of 'data.classes'"));
    config_.label = "genre";
    EXPECT_THAT(
        problems("sample_id,spot_id,genre\na,t,acid\nb,t,dubb\n"),
        ElementsAre(
            "labels.csv:1:19: error: no row has 'dub' as its 'genre' (did you mean 'dubb'?): label clips of "
            "it, or leave it out of 'data.classes'"));
    config_.classes.clear();
    EXPECT_THAT(problems("sample_id,spot_id,genre\na,t,\n"),
                ElementsAre("labels.csv:1:19: error: every 'genre' is empty: name the classes of the clips"));
}

TEST_F(Labels, SayThatAClipHasTwoAudioFiles) {
    sound("a.wav");
    sound("a.mp3");
    sound("b.mp3");
    sound("unused.mp3");
    sound("unused.wav");
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub\nb,t,1,0\na,t,0,1\n"),
        ElementsAre(
            "clips: error: clip 'a' (line 3 of 'labels.csv') has 2 audio files: 'a.mp3', 'a.wav'; keep one"));
}

TEST_F(Labels, ReportTheTableAndTheAudioFolderTogether) {
    config_.audio = folder_ / "music";
    EXPECT_THAT(
        problems("sample_id,spot_id,acid,dub\na,t,1,0\nb,t,0,2\nc,t,0,1\n"),
        ElementsAre(
            "labels.csv:3:7: error: 'dub' is '2', but must be 0 or 1",
            "music: error: can't list the audio folder: No such file or directory; check 'data.audio'"));
}

TEST_F(Labels, LoseOnlyTheClipsTakenOut) {
    config_.audio.clear();
    const ClipTable table = read("sample_id,spot_id,acid,dub\na,t,1,0\nb,t,0,1\nc,t,0,0\nd,t,1,0\n");
    const ClipTable fewer = without_clips(table, {2, 0, 2});
    EXPECT_THAT(summary(fewer), ElementsAre("3:b t 1 "));
    EXPECT_EQ(fewer.classes, table.classes);
    EXPECT_EQ(fewer.file, table.file);
    ASSERT_EQ(fewer.dropped.size(), 1U);
    EXPECT_THAT(summary(without_clips(table, {})), summary(table));
    EXPECT_THROW(without_clips(table, {3}), std::out_of_range);
}

TEST(Csv, SaysWhereFieldsBegin) {
    const auto rows = parse_csv("a,\"b\nb\",ç,d\n\n,\n\"\"\"x\"\"\",y");
    const auto positions = [&](std::size_t row) {
        std::vector<std::string> at;
        for (const auto& position : rows.at(row).at)
            at.push_back(fmt::format("{}:{}", position.line, position.column));
        return at;
    };
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_THAT(positions(0), ElementsAre("1:1", "1:3", "2:4", "2:6"));
    EXPECT_THAT(rows[0].fields, ElementsAre("a", "b\nb", "ç", "d"));
    EXPECT_THAT(positions(1), ElementsAre("4:1", "4:2"));
    EXPECT_THAT(positions(2), ElementsAre("5:1", "5:9"));
    EXPECT_THAT(rows[2].fields, ElementsAre("\"x\"", "y"));
    EXPECT_FALSE(rows[2].unclosed_quote);
    const auto open = parse_csv("a\nb,\"");
    ASSERT_EQ(open.size(), 2U);
    EXPECT_TRUE(open[1].unclosed_quote);
    EXPECT_EQ(open[1].at.back().column, 3);
}

}  // namespace
}  // namespace kickdrum
