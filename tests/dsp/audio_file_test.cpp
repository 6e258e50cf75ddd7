// SPDX-License-Identifier: MIT
#include "dsp/audio_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <thread>

#include "tests/support/audio_files.h"

namespace kickdrum {
namespace {

using Kind = AudioError::Kind;

constexpr int kWav = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
constexpr int kFloatWav = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
constexpr int kFlac = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
constexpr int kOgg = SF_FORMAT_OGG | SF_FORMAT_VORBIS;
constexpr int kOpus = SF_FORMAT_OGG | SF_FORMAT_OPUS;
constexpr int kMp3 = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;

// What was wrong with a file; nothing if it could be read.
std::optional<Kind> failure(const std::filesystem::path& file) {
    try {
        read_audio(file);
        return std::nullopt;
    } catch (const AudioError& error) {
        EXPECT_FALSE(std::string(error.what()).empty());
        return error.kind();
    }
}

TEST(AudioFile, ReadsIntegersAsFractions) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_audio(folder / "a.wav", {0.0F, 0.5F, -0.5F, -1.0F}, 8000, 1, kWav));
    const Audio audio = read_audio(folder / "a.wav");
    EXPECT_EQ(audio.sample_rate, 8000);
    EXPECT_EQ(audio.channels, 1);
    EXPECT_THAT(audio.samples,
                testing::Pointwise(testing::FloatNear(1.1F / 32768), {0.0F, 0.5F, -0.5F, -1.0F}));
}

TEST(AudioFile, MixesChannelsToTheirMean) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_audio(folder / "stereo.wav", {1.0F, 0.5F, -0.25F, 0.75F}, 44100, 2, kFloatWav));
    const Audio stereo = read_audio(folder / "stereo.wav");
    EXPECT_EQ(stereo.channels, 2);
    EXPECT_THAT(stereo.samples, testing::ElementsAre(0.75F, 0.25F));

    ASSERT_TRUE(
        write_audio(folder / "three.wav", {0.5F, 0.25F, 0.0F, -1.0F, 1.0F, 0.75F}, 44100, 3, kFloatWav));
    EXPECT_THAT(read_audio(folder / "three.wav").samples, testing::ElementsAre(0.25F, 0.25F));
}

// Longer than a block of the decoder, and no multiple of it.
TEST(AudioFile, ReadsEverySampleOfALongFile) {
    const TemporaryFolder folder;
    const auto wave = sine(440, 44100, 50'001);
    ASSERT_TRUE(write_audio(folder / "long.wav", wave, 44100, 1, kFloatWav));
    EXPECT_EQ(read_audio(folder / "long.wav").samples, wave);
}

TEST(AudioFile, SaysWhatIsWrong) {
    const TemporaryFolder folder;
    EXPECT_EQ(failure(folder / "none.wav"), Kind::missing);
    EXPECT_EQ(failure(folder.path()), Kind::unreadable);

    write_bytes(folder / "text.wav", "this is no sound at all, only a sentence that goes on for a while");
    EXPECT_EQ(failure(folder / "text.wav"), Kind::unreadable);

    write_bytes(folder / "zero.mp3", "");
    EXPECT_EQ(failure(folder / "zero.mp3"), Kind::empty);

    ASSERT_TRUE(write_audio(folder / "empty.wav", {}, 44100, 1, kWav));
    EXPECT_EQ(failure(folder / "empty.wav"), Kind::empty);

    ASSERT_TRUE(write_audio(folder / "silent.wav", std::vector<float>(1000), 44100, 1, kWav));
    EXPECT_EQ(failure(folder / "silent.wav"), Kind::silent);

    // Nothing is left of channels in antiphase once they are mixed.
    ASSERT_TRUE(write_audio(folder / "antiphase.wav", {0.5F, -0.5F, -0.25F, 0.25F}, 44100, 2, kFloatWav));
    EXPECT_EQ(failure(folder / "antiphase.wav"), Kind::silent);

    for (const float value :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        auto wave = sine(440, 44100, 1000);
        wave[700] = value;
        ASSERT_TRUE(write_audio(folder / "nan.wav", wave, 44100, 1, kFloatWav));
        EXPECT_EQ(failure(folder / "nan.wav"), Kind::not_finite);
    }
}

TEST(AudioFile, ReportsMissingPermission) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    const TemporaryFolder folder;
    ASSERT_TRUE(write_audio(folder / "a.wav", sine(440, 8000, 100), 8000, 1, kWav));
    ASSERT_EQ(::chmod((folder / "a.wav").c_str(), 0), 0);
    EXPECT_EQ(failure(folder / "a.wav"), Kind::unreadable);
}

struct Format {
    const char* name;
    int format;
    int rate;
};

class AudioFormat : public testing::TestWithParam<Format> {
 protected:
    void SetUp() override {
        // Noisy enough that no encoder makes almost nothing of it.
        std::vector<float> wave = sine(440, GetParam().rate, static_cast<std::size_t>(GetParam().rate) * 2);
        unsigned state = 1;
        for (float& sample : wave) {
            state = state * 1664525U + 1013904223U;
            sample += static_cast<float>(state >> 8) / (1 << 24) * 0.2F - 0.1F;
        }
        if (!write_audio(file_, wave, GetParam().rate, 1, GetParam().format)) {
            GTEST_SKIP() << "this libsndfile can't write " << GetParam().name;
        }
        wave_ = wave;
        bytes_ = read_bytes(file_);
    }

    std::optional<Kind> failure_with(std::string_view bytes) const {
        write_bytes(folder_ / "changed", bytes);
        return failure(folder_ / "changed");
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "sound";
    std::vector<float> wave_;
    std::string bytes_;
};

TEST_P(AudioFormat, IsReadWhole) {
    const Audio audio = read_audio(file_);
    EXPECT_EQ(audio.sample_rate, GetParam().rate);
    // MP3 counts in frames of 1152 samples.
    EXPECT_NEAR(static_cast<double>(audio.samples.size()), static_cast<double>(wave_.size()), 1152);
    double energy = 0;
    for (const float sample : audio.samples)
        energy += static_cast<double>(sample) * static_cast<double>(sample);
    EXPECT_NEAR(std::sqrt(energy / static_cast<double>(wave_.size())), std::sqrt(0.125 + 0.01 / 3), 0.02);
}

TEST_P(AudioFormat, IsFoundCutOff) {
    testing::internal::CaptureStderr();
    for (const double part : {0.25, 0.5, 0.613, 0.9, 0.99}) {
        const auto size = static_cast<std::size_t>(static_cast<double>(bytes_.size()) * part);
        EXPECT_EQ(failure_with(std::string_view(bytes_).substr(0, size)), Kind::truncated) << part;
    }
    for (std::size_t missing = 1; missing <= 4; ++missing) {
        EXPECT_EQ(failure_with(std::string_view(bytes_).substr(0, bytes_.size() - missing)), Kind::truncated)
            << missing;
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_P(AudioFormat, CutAtTheStartIsAnErrorToo) {
    for (const std::size_t size : {1, 3, 12, 30, 45, 100}) {
        EXPECT_NE(failure_with(std::string_view(bytes_).substr(0, size)), std::nullopt) << size;
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, AudioFormat,
                         testing::Values(Format{"wav", kWav, 44100}, Format{"float_wav", kFloatWav, 22050},
                                         Format{"rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_24, 44100},
                                         Format{"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 44100},
                                         Format{"flac", kFlac, 44100}, Format{"ogg", kOgg, 44100},
                                         Format{"opus", kOpus, 48000}, Format{"mp3", kMp3, 44100},
                                         Format{"mp3_mpeg2", kMp3, 22050}, Format{"mp3_mpeg25", kMp3, 11025}),
                         [](const auto& format) { return format.param.name; });

class Mp3 : public testing::Test {
 protected:
    void SetUp() override {
        if (!write_audio(folder_ / "a.mp3", sine(440, 44100, 88200), 44100, 1, kMp3)) {
            GTEST_SKIP() << "this libsndfile can't write MP3";
        }
        bytes_ = read_bytes(folder_ / "a.mp3");
        samples_ = read_audio(folder_ / "a.mp3").samples;
    }
    TemporaryFolder folder_;
    std::string bytes_;
    std::vector<float> samples_;
};

TEST_F(Mp3, MayHaveTags) {
    std::string id3v2 = std::string("ID3\x03\0\0\0\0\x4E\x10", 10) + std::string(0x4E * 128 + 0x10, '\xFF');
    std::string id3v1 = "TAG" + std::string(125, ' ');
    std::string ape = "APETAGEX" + std::string(5000, '\xFF');
    testing::internal::CaptureStderr();
    for (const auto& bytes :
         {id3v2 + bytes_, bytes_ + id3v1, bytes_ + ape + id3v1, id3v2 + bytes_ + std::string(3000, '\0')}) {
        write_bytes(folder_ / "tagged.mp3", bytes);
        EXPECT_EQ(read_audio(folder_ / "tagged.mp3").samples, samples_);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(Mp3, IsReadAcrossDamageInSilence) {
    testing::internal::CaptureStderr();
    const auto middle = bytes_.find(bytes_.substr(0, 2), bytes_.size() / 2);
    ASSERT_NE(middle, std::string::npos);
    const std::string junk(5000, 'x');
    write_bytes(folder_ / "junk.mp3", bytes_.substr(0, middle) + junk + bytes_.substr(middle));
    EXPECT_EQ(read_audio(folder_ / "junk.mp3").samples, samples_);

    // Frames that were overwritten are missing.
    std::string damaged = bytes_;
    damaged.replace(middle, 3000, junk.substr(0, 3000));
    write_bytes(folder_ / "damaged.mp3", damaged);
    EXPECT_EQ(failure(folder_ / "damaged.mp3"), Kind::truncated);

    for (const auto& bytes :
         {std::string("\xFF\xFE", 2) + junk, std::string("ID3\x03\0\0\0\0\0\x10", 10) + junk,
          std::string("ID3\x03\0\0\0\0\0\x10", 10)}) {
        write_bytes(folder_ / "no.mp3", bytes);
        EXPECT_NE(failure(folder_ / "no.mp3"), std::nullopt);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// Every cut, not only those that hit the inside of a frame.
TEST_F(Mp3, IsFoundCutOffBetweenFrames) {
    std::size_t frames = 0;
    for (std::size_t i = 4; i + 1 < bytes_.size(); ++i) {
        if (bytes_[i] != '\xFF' || bytes_[i + 1] != bytes_[1]) continue;
        ++frames;
        write_bytes(folder_ / "cut.mp3", std::string_view(bytes_).substr(0, i));
        EXPECT_EQ(failure(folder_ / "cut.mp3"), Kind::truncated) << i;
    }
    EXPECT_GT(frames, 50U);
}

TEST(AudioFile, TellsAStreamedWavFromACutOne) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_audio(folder / "a.wav", sine(440, 8000, 1000), 8000, 1, kWav));
    std::string bytes = read_bytes(folder / "a.wav");
    const auto data = bytes.find("data");
    ASSERT_NE(data, std::string::npos);
    bytes.replace(data + 4, 4, "\xFF\xFF\xFF\xFF");
    write_bytes(folder / "streamed.wav", bytes);
    EXPECT_EQ(read_audio(folder / "streamed.wav").samples.size(), 1000U);
}

TEST(AudioFile, IsReadByManyThreadsAtOnce) {
    const TemporaryFolder folder;
    const auto wave = sine(440, 44100, 30'000);
    ASSERT_TRUE(write_audio(folder / "a.flac", wave, 44100, 1, kFlac));
    write_bytes(folder / "text.wav", "no sound");
    const auto expected = read_audio(folder / "a.flac").samples;
    std::vector<int> good(4);
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < good.size(); ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 20; ++i) {
                    const bool refused = failure(folder / "text.wav") == Kind::unreadable;
                    good[t] += refused && read_audio(folder / "a.flac").samples == expected ? 1 : 0;
                }
            });
        }
    }
    EXPECT_THAT(good, testing::Each(20));
}

// Real clips: none is called damaged, and every cut is noticed.
TEST(AudioFile, KnowsRealClipsFromCutOnes) {
    const auto clips = reference_data() / "hard_techno/clips";
    if (reference_data().empty() || !std::filesystem::is_directory(clips))
        GTEST_SKIP() << "no reference data";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(clips)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    const TemporaryFolder folder;
    for (std::size_t i = 0; i < files.size(); i += 60) {
        EXPECT_EQ(failure(files[i]), std::nullopt) << files[i];
        const std::string bytes = read_bytes(files[i]);
        for (const double part : {0.02, 0.3, 0.5, 0.8, 0.999}) {
            const auto size = static_cast<std::size_t>(static_cast<double>(bytes.size()) * part);
            write_bytes(folder / "cut.mp3", std::string_view(bytes).substr(0, size));
            EXPECT_EQ(failure(folder / "cut.mp3"), Kind::truncated) << files[i] << " " << part;
        }
    }
}

}  // namespace
}  // namespace kickdrum
