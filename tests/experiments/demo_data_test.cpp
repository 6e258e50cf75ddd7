// SPDX-License-Identifier: MIT
#include "experiments/data/demo_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "experiments/data/demo/experiment_text.h"
#include "experiments/data/demo/plan.h"
#include "experiments/data/encode_audio.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/runs/csv.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr DemoOptions kSmall = {
    .seed = 7, .tracks_per_style = 2, .clips_per_track = 2, .seconds = 0.6, .wrong_labels = 0.1};

class DemoDataTest : public testing::Test {
 protected:
    void SetUp() override {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        folder_ = fs::path(testing::TempDir()) / (std::string("kickdrum_demo_") + test->name());
        fs::remove_all(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    fs::path folder_;
};

// Everything below a folder: relative name -> bytes.
std::map<std::string, std::string> contents(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file())
            files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
    }
    return files;
}

struct Sound {
    SF_INFO info{};
    std::vector<float> samples;
};

Sound read_sound(const fs::path& file) {
    Sound sound;
    SNDFILE* handle = sf_open(file.c_str(), SFM_READ, &sound.info);
    EXPECT_NE(handle, nullptr) << file << ": " << sf_strerror(nullptr);
    if (handle == nullptr) return sound;
    sound.samples.resize(static_cast<std::size_t>(sound.info.frames));
    EXPECT_EQ(sf_read_float(handle, sound.samples.data(), sound.info.frames), sound.info.frames) << file;
    EXPECT_EQ(sf_close(handle), 0) << file;
    return sound;
}

ExitCode code_of(const std::function<void()>& call, std::string& message) {
    try {
        call();
    } catch (const UserError& error) {
        message = error.what();
        return error.code();
    }
    return ExitCode::done;
}

TEST_F(DemoDataTest, ClipsAreSoundOfThePromisedLength) {
    const DemoData data = write_demo_data(folder_, kSmall);
    EXPECT_EQ(data.clips, 20);
    EXPECT_EQ(data.tracks, 10);
    int clips = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "clips")) {
        const Sound sound = read_sound(entry.path());
        EXPECT_EQ(sound.info.channels, 1);
        EXPECT_NEAR(static_cast<double>(sound.info.frames), 0.6 * sound.info.samplerate, 1) << entry.path();
        float peak = 0;
        for (const float sample : sound.samples) peak = std::max(peak, std::fabs(sample));
        EXPECT_GT(peak, 0.1F) << entry.path();
        EXPECT_LE(peak, 1.0F) << entry.path();
        ++clips;
    }
    EXPECT_EQ(clips, 20);
}

TEST_F(DemoDataTest, LabelsNameTheFiles) {
    write_demo_data(folder_, kSmall);
    const std::vector<CsvRow> rows = parse_csv(read_file(folder_ / "labels.csv"));
    ASSERT_EQ(rows.size(), 21U);
    EXPECT_THAT(rows[0].fields, testing::ElementsAre("sample_id", "spot_id", "clip_start", "four_floor",
                                                     "offbeat_bass", "broken", "triplet", "half_time"));
    std::set<std::string> stems;
    for (const auto& entry : fs::directory_iterator(folder_ / "clips"))
        stems.insert(entry.path().stem().string());
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const std::vector<std::string>& fields = rows[i].fields;
        ASSERT_EQ(fields.size(), 8U);
        EXPECT_EQ(stems.erase(fields[0]), 1U) << fields[0];
        EXPECT_THAT(fields[0], testing::StartsWith(fields[1] + "_"));
        EXPECT_THAT(fields[2], testing::MatchesRegex("[0-9]+:[0-5][0-9]"));
        EXPECT_EQ(std::count(fields.begin() + 3, fields.end(), "1"), 1);
        EXPECT_EQ(std::count(fields.begin() + 3, fields.end(), "0"), 4);
    }
    EXPECT_TRUE(stems.empty());
}

TEST_F(DemoDataTest, SameSeedSameBytesWhateverTheThreads) {
    DemoOptions options = kSmall;
    options.threads = 1;
    write_demo_data(folder_ / "one", options);
    options.threads = 3;
    write_demo_data(folder_ / "three", options);
    options.seed = 8;
    write_demo_data(folder_ / "other", options);
    const auto one = contents(folder_ / "one");
    EXPECT_TRUE(one == contents(folder_ / "three"));
    const auto other = contents(folder_ / "other");
    int same = 0;
    for (const auto& [name, bytes] : one)
        same += name.starts_with("clips/") && other.contains(name) && other.at(name) == bytes;
    EXPECT_EQ(same, 0);
    EXPECT_NE(one.at("labels.csv"), other.at("labels.csv"));
}

TEST(DemoPlan, WrongLabelsAsPromised) {
    for (const std::uint64_t seed : {42U, 43U, 44U}) {
        const demo::Plan plan = demo::plan_demo_data({.seed = seed});
        ASSERT_EQ(plan.clips.size(), 480U);
        const auto wrong =
            std::count_if(plan.clips.begin(), plan.clips.end(), [&](const demo::PlannedClip& clip) {
                return clip.label != plan.tracks[static_cast<std::size_t>(clip.track)].style;
            });
        EXPECT_EQ(wrong, 12);  // 2.5 %
    }
}

TEST(DemoPlan, TracksOfAStyleDifferAndTheirClipsAgree) {
    const demo::Plan plan = demo::plan_demo_data({.seed = 42});
    std::map<demo::Style, std::set<double>> tempos;
    std::set<AudioFormat> formats;
    std::set<int> rates;
    for (const demo::Track& track : plan.tracks) {
        tempos[track.style].insert(track.bpm);
        formats.insert(track.format);
        rates.insert(track.sample_rate);
        EXPECT_GE(track.bpm, 125);
        EXPECT_LE(track.bpm, 155);
    }
    ASSERT_EQ(tempos.size(), 5U);
    for (const auto& [style, set] : tempos) EXPECT_EQ(set.size(), 24U);
    EXPECT_EQ(formats.size(), 4U);
    EXPECT_EQ(rates, (std::set<int>{22050, 44100}));
    for (const demo::PlannedClip& clip : plan.clips)
        EXPECT_EQ(clip.id.substr(0, 8), demo::track_id(clip.track));
}

// Lag in samples, up to a second, at which the loudness repeats best.
double beat_seconds(const Sound& sound) {
    const int hop = sound.info.samplerate / 200;  // 5 ms
    std::vector<double> envelope;
    double low = 0;
    double energy = 0;
    for (std::size_t i = 0; i < sound.samples.size(); ++i) {
        low += 0.02 * (static_cast<double>(sound.samples[i]) - low);
        energy += low * low;
        if ((i + 1) % static_cast<std::size_t>(hop) == 0) envelope.push_back(std::exchange(energy, 0.0));
    }
    const double mean =
        std::accumulate(envelope.begin(), envelope.end(), 0.0) / static_cast<double>(envelope.size());
    int best = 0;
    double most = -1;
    for (int lag = 70; lag < 100; ++lag) {  // 120 to 171 beats a minute
        double sum = 0;
        for (std::size_t i = 0; i + static_cast<std::size_t>(lag) < envelope.size(); ++i) {
            sum += (envelope[i] - mean) * (envelope[i + static_cast<std::size_t>(lag)] - mean);
        }
        if (sum > most) {
            most = sum;
            best = lag;
        }
    }
    return best * hop / static_cast<double>(sound.info.samplerate);
}

// Measured in the sound itself: the clips of a track with a kick on each beat repeat after the same time, the
// track's beat.
TEST_F(DemoDataTest, ClipsOfATrackShareItsTempo) {
    const DemoOptions options = {.seed = 5, .tracks_per_style = 2, .clips_per_track = 2, .seconds = 4};
    const demo::Plan plan = demo::plan_demo_data(options);
    write_demo_data(folder_, options);
    for (const demo::PlannedClip& clip : plan.clips) {
        const demo::Track& track = plan.tracks[static_cast<std::size_t>(clip.track)];
        if (track.style != demo::Style::four_floor && track.style != demo::Style::offbeat_bass) continue;
        const auto format = extension(writable_format(track.format));
        const fs::path file = folder_ / "clips" / (clip.id + "." + std::string(format));
        EXPECT_NEAR(beat_seconds(read_sound(file)), 60 / track.bpm, 0.011) << clip.id;
    }
}

TEST_F(DemoDataTest, ReplacesItsOwnFolderOnly) {
    write_demo_data(folder_, kSmall);
    DemoOptions fewer = kSmall;
    fewer.clips_per_track = 1;
    EXPECT_EQ(write_demo_data(folder_, fewer).clips, 10);
    EXPECT_EQ(contents(folder_).size(), 13U);  // ten clips, two tables, the note: nothing of the first call

    std::string message;
    std::ofstream(folder_ / "clips" / "mine.wav") << "precious";
    EXPECT_EQ(code_of([&] { write_demo_data(folder_, kSmall); }, message), ExitCode::usage);
    EXPECT_THAT(message, HasSubstr("mine.wav"));
    EXPECT_EQ(contents(folder_).size(), 14U);  // and nothing was removed
    fs::remove(folder_ / "clips" / "mine.wav");

    std::ofstream(folder_ / "experiment.yaml", std::ios::app) << "# tuned\n";
    EXPECT_EQ(code_of([&] { write_demo_data(folder_, kSmall); }, message), ExitCode::usage);
    EXPECT_THAT(message, HasSubstr("experiment.yaml"));
}

TEST_F(DemoDataTest, RefusesFilesAndNumbersOutOfRange) {
    std::string message;
    fs::create_directories(folder_);
    std::ofstream(folder_ / "file") << "text";
    EXPECT_EQ(code_of([&] { write_demo_data(folder_ / "file", kSmall); }, message), ExitCode::usage);
    const DemoOptions wrong = {.tracks_per_style = 0, .seconds = -1};
    EXPECT_EQ(code_of([&] { write_demo_data(folder_ / "new", wrong); }, message), ExitCode::usage);
    EXPECT_THAT(message, testing::AllOf(HasSubstr("tracks per style"), HasSubstr("seconds")));
    EXPECT_FALSE(fs::exists(folder_ / "new"));
}

TEST_F(DemoDataTest, StopsWhenToldAndStartsAgain) {
    std::string message;
    std::int64_t last = 0;
    const auto stop = [&](std::int64_t done, std::int64_t total) {
        EXPECT_EQ(total, 20);
        last = std::max(last, done);
        return done < 5;
    };
    EXPECT_EQ(code_of([&] { write_demo_data(folder_, kSmall, stop); }, message), ExitCode::interrupted);
    EXPECT_GE(last, 5);
    EXPECT_FALSE(fs::exists(folder_ / "labels.csv"));
    EXPECT_EQ(write_demo_data(folder_, kSmall).clips, 20);
}

TEST(DemoExperiment, IsTheShippedFile) {
    EXPECT_EQ(demo::experiment_text(),
              read_file(fs::path(KICKDRUM_SOURCE_DIR) / "experiments/configs/demo.yaml"));
    std::string classes;
    for (const std::string_view style : demo::kStyleNames)
        classes += (classes.empty() ? "" : ", ") + std::string(style);
    EXPECT_THAT(std::string(demo::experiment_text()), HasSubstr("classes: [" + classes + "]"));
}

}  // namespace
}  // namespace kickdrum
