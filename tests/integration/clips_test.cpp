// SPDX-License-Identifier: MIT
// kickdrum clips.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"
#include "tests/support/audio_files.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

constexpr int kRate = 8000;

// Sample i is i / 2^18: every sample says where it comes from, also in 16 bits as long as it's a multiple
// of 8.
std::vector<float> ramp(double seconds) {
    std::vector<float> samples(static_cast<std::size_t>(seconds * kRate));
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<float>(i) / 262144.0F;
    return samples;
}

struct Sound {
    SF_INFO info{};
    std::vector<float> samples;
};

Sound read_sound(const fs::path& file) {
    Sound sound;
    SNDFILE* handle = ::sf_open(file.c_str(), SFM_READ, &sound.info);
    if (handle == nullptr) return sound;
    sound.samples.resize(static_cast<std::size_t>(sound.info.frames * sound.info.channels));
    ::sf_readf_float(handle, sound.samples.data(), sound.info.frames);
    ::sf_close(handle);
    return sound;
}

class ClipsCommand : public testing::Test {
 protected:
    void SetUp() override {
        write_wav(folder_.path() / "tracks/one.wav", ramp(20), kRate);
        fs::create_directories(folder_.path() / "tracks/deep er/Ünter");
        ASSERT_TRUE(write_audio(folder_.path() / "tracks/deep er/Ünter/zwei 2.FLAC", ramp(10), kRate, 1,
                                SF_FORMAT_FLAC | SF_FORMAT_PCM_24));
    }

    void table(const std::string& rows, const std::string& header = "sample_id,spot_id,clip_start") const {
        write_text(folder_.path() / "tracks.csv", header + "\n" + rows);
    }
    Outcome clips(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"clips", "tracks.csv", "--audio", "tracks", "--out", "out"};
        words.insert(words.end(), more.begin(), more.end());
        return call(words, {.folder = folder_.path()});
    }
    std::vector<std::string> written() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder_.path() / "out")) {
            const std::string name = entry.path().filename().string();
            if (!name.starts_with('.')) names.push_back(name);
        }
        std::ranges::sort(names);
        return names;
    }

    TemporaryFolder folder_;
};

TEST_F(ClipsCommand, CutsToTheSample) {
    table("a,one,0:01\nb,one,0:00:10\nc,zwei 2,1.5\n");
    const Outcome outcome = clips({"--seconds", "2", "--format", "wav-float"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(written(), testing::ElementsAre("a.wav", "b.wav", "c.wav"));
    const std::vector<std::pair<std::string, double>> starts{{"a", 1}, {"b", 10}, {"c", 1.5}};
    for (const auto& [name, start] : starts) {
        const Sound sound = read_sound(folder_.path() / "out" / (name + ".wav"));
        EXPECT_EQ(sound.info.samplerate, kRate);
        EXPECT_EQ(sound.info.channels, 1);
        ASSERT_EQ(sound.samples.size(), 2U * kRate) << name;
        EXPECT_NEAR(sound.samples.front(), start * kRate / 262144, 1e-6) << name;
        EXPECT_NEAR(sound.samples.back(), ((start + 2) * kRate - 1) / 262144, 1e-6) << name;
    }
}

TEST_F(ClipsCommand, EndAndFilenameColumns) {
    table("a,deep er/Ünter/zwei 2.FLAC,0:01,0:04.5\nb,one.wav,3,\n", "sample_id,filename,clip_start,end");
    const Outcome outcome = clips({"--seconds", "1"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(read_sound(folder_.path() / "out/a.wav").info.frames, 3.5 * kRate);
    EXPECT_EQ(read_sound(folder_.path() / "out/b.wav").info.frames, kRate);
}

TEST_F(ClipsCommand, FormatsAndRate) {
    table("a,one,0:01\n");
    const std::vector<std::tuple<std::string, std::string, int>> formats{
        {"wav", "wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
        {"wav24", "wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24},
        {"wav-float", "wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT},
        {"flac", "flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
        {"flac24", "flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24},
        {"ogg", "ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
        {"mp3", "mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}};
    for (const auto& [name, extension, format] : formats) {
        SF_INFO info{
            .frames = 0, .samplerate = 44100, .channels = 1, .format = format, .sections = 0, .seekable = 0};
        if (::sf_format_check(&info) == 0) continue;
        const Outcome outcome = clips({"--format", name, "--rate", "22050", "--force"});
        ASSERT_EQ(outcome.code, 0) << name << ": " << outcome.err;
        const Sound sound = read_sound(folder_.path() / "out" / ("a." + extension));
        EXPECT_EQ(sound.info.format, format) << name;
        EXPECT_EQ(sound.info.samplerate, 22050) << name;
        EXPECT_EQ(sound.info.frames, 8 * 22050) << name;
    }
}

TEST_F(ClipsCommand, ListsWhatIsWrongAndWritesTheRest) {
    write_text(folder_.path() / "tracks/broken.mp3", "ID3 no audio at all");
    fs::create_directories(folder_.path() / "tracks/folder.wav");
    write_wav(folder_.path() / "tracks/twice.wav", ramp(1), kRate);
    write_wav(folder_.path() / "tracks/more/twice.wav", ramp(1), kRate);
    table(
        "good,one,0:01\n"    // line 2
        "time,one,3:7x\n"    // 3
        "beyond,one,0:21\n"  // 4
        "good,one,0:12\n"    // 5
        "over,one,0:08\n"    // 6
        "none,three,0:01\n"  // 7
        "br1,broken,0:01\n"  // 8
        "br2,broken,0:02\n"  // 9
        "dir,folder,0:01\n"  // 10
        "tw,twice,0:00\n"    // 11
        "a/b,one,0:01\n"     // 12
        "short\n"            // 13
        ",one,0:01\n"        // 14
        "late,one,0:17\n");  // 15
    const Outcome outcome = clips();
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_THAT(written(), testing::ElementsAre("good.wav", "late.wav", "over.wav"));
    EXPECT_EQ(read_sound(folder_.path() / "out/late.wav").info.frames, 3 * kRate);
    for (const auto* part :
         {"tracks.csv:3:10: error: 'clip_start' is '3:7x', which is no time",
          "tracks.csv:4:1: error: the clip 'beyond' begins at 0:21, but its track ends at 0:20",
          "tracks.csv:5:1: error: clip 'good' is in the table twice, first in line 2",
          "tracks.csv:6:1: error: the clip 'over' overlaps with 'good' (line 2) by 1 s of 'one'",
          "tracks.csv:7:1: error: the track 'three' has no audio file in 'tracks'",
          "tracks.csv:8:1: error: the track 'tracks/broken.mp3' can't be used: ", "(2 clips, lines 8, 9)",
          "tracks.csv:10:1: error: the track 'folder' has no audio file",
          "tracks.csv:11:1: error: the track 'twice' has 2 audio files",
          "tracks.csv:12:1: error: ", "tracks.csv:13:1: error: this row has 1 fields",
          "tracks.csv:14:1: error: ", "tracks.csv:15:1: warning: the clip 'late' has 3 s instead of 8"}) {
        EXPECT_THAT(outcome.err, HasSubstr(part));
    }
}

TEST_F(ClipsCommand, OnBadSkip) {
    table("good,one,0:01\ntime,one,soon\nover,one,0:08\n");
    const Outcome outcome = clips({"--on-bad", "skip", "--json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("warning: "), Not(HasSubstr("error: "))));
    const auto json = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(json.at("written"), 2);
    EXPECT_EQ(json.at("not_written").at(0).at("line"), 3);
    EXPECT_EQ(json.at("notes").size(), 1U);
}

TEST_F(ClipsCommand, TablesOfSpreadsheets) {
    table("\"a\",\"one\",0:01,\"said \"\"yes\"\", twice\"\r\nb,\"one\",0:10,\r\n",
          "\xEF\xBB\xBFsample_id,spot_id,clip_start,note\r");
    const Outcome outcome = clips();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(written(), testing::ElementsAre("a.wav", "b.wav"));
}

TEST_F(ClipsCommand, TablesThatCantBeUsed) {
    table("a,one\n", "sample_id,spot_id");
    EXPECT_EQ(clips().code, 3);
    EXPECT_THAT(clips().err, HasSubstr("there is no column 'clip_start'"));
    EXPECT_THAT(clips({"--end", "fin"}).err, HasSubstr("there is no column 'fin'"));
    EXPECT_FALSE(fs::exists(folder_.path() / "out"));
    fs::remove(folder_.path() / "tracks.csv");
    EXPECT_EQ(clips().code, 3);
}

TEST_F(ClipsCommand, PathsStayInTheAudioFolder) {
    write_wav(folder_.path() / "secret.wav", ramp(9), kRate);
    table("a,../secret.wav,0:00\nb," + (folder_.path() / "secret.wav").string() + ",0:00\n",
          "sample_id,filename,clip_start");
    const Outcome outcome = clips();
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("leads out of the audio folder"));
    EXPECT_THAT(written(), IsEmpty());
    EXPECT_EQ(clips({"--out", "tracks"}).code, 2) << "clips over tracks";
}

TEST_F(ClipsCommand, LinksThatLeadBack) {
    fs::create_directory_symlink(folder_.path() / "tracks", folder_.path() / "tracks/deep er/back");
    fs::create_symlink("nowhere.wav", folder_.path() / "tracks/nothing.wav");
    table("a,one,0:01\nb,nothing,0:01\n");
    const Outcome outcome = clips();
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(written(), testing::ElementsAre("a.wav"));
}

TEST_F(ClipsCommand, ClassesChooseRows) {
    table("a,one,0:01,1,0\nb,one,0:10,1,1\nc,zwei 2,0:01,0,0\n", "sample_id,spot_id,clip_start,kick,snare");
    EXPECT_EQ(clips({"--classes", "kick,snare"}).code, 0);
    EXPECT_THAT(written(), testing::ElementsAre("a.wav"));
}

TEST_F(ClipsCommand, GoesOnAndLeavesOthersAlone) {
    table("a,one,0:01\nb,one,0:10\n");
    ASSERT_EQ(clips().code, 0);
    const auto first = fs::last_write_time(folder_.path() / "out/a.wav");
    fs::remove(folder_.path() / "out/b.wav");
    const auto again = nlohmann::json::parse(clips({"--json"}).out);
    EXPECT_EQ(again.at("written"), 1);
    EXPECT_EQ(again.at("already_there"), 1);
    EXPECT_EQ(fs::last_write_time(folder_.path() / "out/a.wav"), first);
    // Other settings: other clips.
    EXPECT_EQ(nlohmann::json::parse(clips({"--json", "--seconds", "3"}).out).at("written"), 2);
    EXPECT_EQ(read_sound(folder_.path() / "out/a.wav").info.frames, 3 * kRate);

    write_text(folder_.path() / "out/c.wav", "not ours");
    table("c,one,0:01\n");
    EXPECT_EQ(clips().code, 3);
    EXPECT_EQ(text_of(folder_.path() / "out/c.wav"), "not ours");
    EXPECT_EQ(clips({"--force"}).code, 0);
}

TEST_F(ClipsCommand, KilledInTheMiddle) {
    std::string rows;
    for (int track = 0; track < 40; ++track) {
        write_wav(folder_.path() / fmt::format("tracks/t{}.wav", track), ramp(20), kRate);
        for (int clip = 0; clip < 2; ++clip)
            rows += fmt::format("t{0}_{1},t{0},{2}\n", track, clip, 9 * clip);
    }
    table(rows);
    Call killed({"clips", "tracks.csv", "--audio", "tracks", "--out", "out", "--format", "flac24"},
                {.folder = folder_.path()});
    killed.wait_until([&] { return fs::exists(folder_.path() / "out/t3_1.flac"); });
    killed.signal(SIGKILL);
    killed.wait();
    for (const auto& name : written()) {
        if (name.ends_with(".flac")) {
            EXPECT_EQ(read_sound(folder_.path() / "out" / name).info.frames, 8 * kRate) << name;
        }
    }
    EXPECT_EQ(clips({"--format", "flac24"}).code, 0);
    EXPECT_EQ(written().size(), 80U);
}

TEST_F(ClipsCommand, AnInterruptSaysHowToGoOn) {
    std::string rows;
    for (int clip = 0; clip < 400; ++clip) rows += fmt::format("c{},one,{}\n", clip, clip % 10);
    table(rows);
    Call interrupted({"clips", "tracks.csv", "--audio", "tracks", "--out", "out", "--format", "flac24"},
                     {.folder = folder_.path()});
    interrupted.wait_until([&] { return fs::exists(folder_.path() / "out/c1.flac"); });
    interrupted.signal(SIGINT);
    const Outcome outcome = interrupted.wait();
    if (outcome.code != 3) {  // else it was done before the signal came
        EXPECT_EQ(outcome.code, 130);
        EXPECT_THAT(outcome.err, HasSubstr("the same command goes on"));
    }
}

}  // namespace
}  // namespace kickdrum
