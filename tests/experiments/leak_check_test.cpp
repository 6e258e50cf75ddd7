// SPDX-License-Identifier: MIT
#include "experiments/runs/leak_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dsp/clip_features.h"
#include "dsp/fingerprint.h"
#include "dsp/resample.h"
#include "experiments/data/demo/render.h"
#include "experiments/data/encode_audio.h"
#include "experiments/runs/leak_json.h"
#include "kernels/device/device.h"
#include "tests/support/audio_files.h"

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kRate = 22050;
constexpr double kSeconds = 4;

// Clips as files, with their fingerprints.
class Duplicates : public testing::Test {
 protected:
    void add(const std::string& group, const std::vector<float>& samples, int rate, AudioFormat format) {
        const AudioFormat can = writable_format(format);
        const auto name = std::to_string(table_.clips.size());
        const auto file = folder_ / (name + "." + std::string(extension(can)));
        write_bytes(file, encode_audio(samples, rate, can, 1));
        table_.clips.push_back({.id = "clip" + name, .group = group, .audio = file});
        std::vector<float> numbers(kFingerprintFrames);
        LogMelPlan::Scratch scratch;
        plan_.compute(read_samples(file, kRate), scratch, numbers);
        fingerprints_.insert(fingerprints_.end(), numbers.begin(), numbers.end());
    }
    // A clip of a synthetic track, of one style and tempo for all.
    static std::vector<float> techno(int track, int clip, double seconds) {
        demo::Track drawn = demo::draw_track(7, track, demo::Style{});
        drawn.bpm = 150;
        drawn.sample_rate = kRate;
        return demo::render_clip(drawn, 7, track, clip, seconds);
    }
    static std::vector<float> from(const std::vector<float>& samples, double start) {
        const auto first = samples.begin() + static_cast<std::ptrdiff_t>(start * kRate);
        return {first, first + static_cast<std::ptrdiff_t>(kSeconds * kRate)};
    }
    std::vector<DuplicatePair> find() const {
        return find_duplicates(table_, fingerprints_, plan_.frame_seconds());
    }

    TemporaryFolder folder_;
    ClipTable table_;
    FingerprintPlan plan_{kRate, best_simd_level()};
    std::vector<float> fingerprints_;
};

TEST_F(Duplicates, CopiesThatWereEncodedAnewAndShiftedAreFound) {
    for (int track = 0; track < 4; ++track) {
        const auto sound = techno(track, 0, kSeconds + 1);
        const double shift = 0.17 * track;  // up to 0.51 s
        add("a" + std::to_string(track), from(sound, 0), kRate, AudioFormat::wav);
        if (track % 2 == 0) {
            add("b" + std::to_string(track), from(sound, shift), kRate, AudioFormat::mp3);
        } else {
            add("b" + std::to_string(track), resample(from(sound, shift), kRate, 16000), 16000,
                AudioFormat::ogg);
        }
    }
    const auto pairs = find();
    ASSERT_THAT(pairs, SizeIs(4));
    for (int track = 0; track < 4; ++track) {
        const auto& pair = pairs[static_cast<std::size_t>(track)];
        EXPECT_EQ(pair.first, static_cast<std::size_t>(2 * track));
        EXPECT_EQ(pair.second, static_cast<std::size_t>(2 * track + 1));
        EXPECT_FALSE(pair.same_file);
        EXPECT_NEAR(pair.shift, 0.17 * track, 0.03);
        EXPECT_LT(pair.difference, kMostDifference);
    }
}

// Each by its own sounds, all by one drum machine.
TEST_F(Duplicates, ClipsOfOneStyleAndTempoAreNot) {
    for (int track = 0; track < 20; ++track)
        add("t" + std::to_string(track), techno(track, 0, kSeconds), kRate, AudioFormat::wav);
    EXPECT_THAT(find(), IsEmpty());
}

TEST_F(Duplicates, OneGroupMayRepeatItself) {
    for (int i = 0; i < 2; ++i) add("same", techno(1, 0, kSeconds), kRate, AudioFormat::wav);
    EXPECT_THAT(find(), IsEmpty());
}

TEST_F(Duplicates, TheSameFileIsFoundHoweverShort) {
    add("a", sine(400, kRate, 2000), kRate, AudioFormat::wav);
    add("b", sine(500, kRate, 2000), kRate, AudioFormat::wav);
    add("c", sine(400, kRate, 2000), kRate, AudioFormat::wav);
    const auto pairs = find();
    ASSERT_THAT(pairs, SizeIs(1));
    EXPECT_EQ(pairs[0].first, 0U);
    EXPECT_EQ(pairs[0].second, 2U);
    EXPECT_TRUE(pairs[0].same_file);
    EXPECT_EQ(pairs[0].difference, 0);
}

class LeakCheckTest : public testing::Test {
 protected:
    LeakCheckTest() {
        table_.track_columns = {"spot_id"};
        for (int i = 0; i < 4; ++i) {
            const std::string id = "c" + std::to_string(i);
            table_.clips.push_back({.id = id, .group = id, .tracks = {i < 2 ? "one" : "two"}});
        }
    }
    ClipTable table_;
    const std::vector<Split> splits_{{.seed = 1, .parts = {Part::train, Part::train, Part::val, Part::val}},
                                     {.seed = 2, .parts = {Part::train, Part::test, Part::val, Part::val}}};
};

TEST_F(LeakCheckTest, OnlyWhatIsInTwoPartsLeaks) {
    const std::vector<DuplicatePair> pairs = {{.first = 0, .second = 1, .same_file = true},
                                              {.first = 2, .second = 3, .difference = 0.1}};
    const LeakCheck check = check_leaks(table_, splits_, pairs);
    ASSERT_THAT(check.pairs, SizeIs(1));
    EXPECT_EQ(check.pairs[0].first, "c0");
    EXPECT_EQ(check.pairs[0].first_part, "train");
    EXPECT_EQ(check.pairs[0].second_part, "test");
    EXPECT_EQ(check.pairs[0].split_seed, 2U);
    EXPECT_EQ(check.pairs_together, 1);
    EXPECT_EQ(check.clips, 4);
    ASSERT_THAT(check.columns, SizeIs(1));
    EXPECT_EQ(check.columns[0].tracks, 2);
    EXPECT_EQ(check.columns[0].parted, 1);
    EXPECT_THAT(leak_warnings(check, 5),
                ElementsAre(HasSubstr("1 pair of clips in different groups is the same audio"),
                            HasSubstr("'c0' (train, group 'c0') and 'c1' (test, group 'c1'): the same file"),
                            HasSubstr("clips of 1 of the 2 tracks in the column 'spot_id'")));
    EXPECT_THAT(leak_warnings(check, 0), ElementsAre(HasSubstr("1 pair"), HasSubstr("and 1 more"),
                                                     HasSubstr("'data.group: spot_id'")));
}

TEST_F(LeakCheckTest, AFairSplitHasNoWarning) {
    EXPECT_THAT(leak_warnings(check_leaks(table_, {splits_.data(), 1}, {}), 5), IsEmpty());
}

TEST_F(LeakCheckTest, IsTheSameFromJson) {
    const std::vector<DuplicatePair> pairs = {
        {.first = 0, .second = 1, .same_file = false, .shift = -0.25, .difference = 0.125}};
    const LeakCheck check = check_leaks(table_, splits_, pairs);
    const LeakCheck read = leak_check_from(to_json(check));
    ASSERT_THAT(read.pairs, SizeIs(1));
    EXPECT_EQ(describe(read.pairs[0]),
              "nearly the same audio, 0.25 s earlier (12 % of its fingerprint differs)");
    EXPECT_EQ(to_json(read), to_json(check));
}

}  // namespace
}  // namespace kickdrum
