// SPDX-License-Identifier: MIT
#include "experiments/data/feature_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <limits>
#include <stdexcept>
#include <thread>

#include "dsp/audio_file.h"
#include "tests/support/audio_files.h"

namespace kickdrum {
namespace {

using std::filesystem::path;
using testing::ElementsAre;
using testing::SizeIs;

constexpr std::size_t kValues = 6;

class FeatureCache : public testing::Test {
 protected:
    // Files with some text each; the features are made of the text, so no sound is needed.
    void SetUp() override {
        std::filesystem::create_directory(folder_ / "audio");
        for (int i = 0; i < 100; ++i) add_clip("clip " + std::to_string(i));
    }

    void add_clip(const std::string& content) {
        const path file = folder_ / "audio" / ("c" + std::to_string(table_.clips.size()) + ".wav");
        write(file, content);
        table_.clips.push_back({.id = file.stem().string(), .audio = file});
    }

    // With a time long ago, as clips mostly have: the index takes only such.
    static void write(const path& file, const std::string& content) {
        write_bytes(file, content);
        age(file, std::chrono::hours(2));
    }
    static void age(const path& file, std::chrono::seconds by) {
        std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - by);
    }

    static float value_of(const std::string& content, std::size_t i) {
        float value = static_cast<float>(i);
        for (const char c : content) value = value * 0.75F + static_cast<float>(c);
        return value;
    }

    FeatureRecipe recipe(std::string settings = "test 1") {
        return {.settings = std::move(settings),
                .values = kValues,
                .compute = [this](const path& file, auto image) {
                    ++calls_;
                    const std::string content = read_bytes(file);
                    for (std::size_t i = 0; i < image.size(); ++i) image[i] = value_of(content, i);
                    if (content == "bad") throw AudioError(AudioError::Kind::silent, "it's silent");
                    if (content == "nan") image[2] = std::numeric_limits<float>::quiet_NaN();
                }};
    }

    FeatureLoad load(std::string settings = "test 1", int threads = 3) {
        return load_features(table_, recipe(std::move(settings)), {.cache = cache_, .threads = threads}, {});
    }

    void expect_right(const FeatureLoad& load) {
        ASSERT_EQ(load.images.size(), table_.clips.size() * kValues);
        for (std::size_t c = 0; c < table_.clips.size(); ++c) {
            const std::string content = read_bytes(table_.clips[c].audio);
            for (std::size_t i = 0; i < kValues; ++i) {
                ASSERT_EQ(load.images[c * kValues + i], value_of(content, i)) << "clip " << c;
            }
        }
    }

    std::vector<path> packs() const {
        std::vector<path> found;
        for (const auto& entry : std::filesystem::directory_iterator(cache_)) {
            if (entry.path().extension() == ".pack") found.push_back(entry.path());
        }
        return found;
    }

    TemporaryFolder folder_;
    path cache_ = folder_ / "deep/cache";
    ClipTable table_;
    std::atomic<int> calls_{0};
};

// Where a device computes many images together, what is read with each clip stands behind its image.
TEST_F(FeatureCache, WhatIsReadBesideFollowsTheImage) {
    FeatureRecipe recipe{.settings = "beside", .values = kValues, .compute = {}, .beside = 2};
    recipe.together = TogetherFeatures{
        .read =
            [](const path& file, std::span<float> beside) {
                const std::string content = read_bytes(file);
                for (std::size_t i = 0; i < beside.size(); ++i)
                    beside[i] = value_of(content, kValues - 2 + i);
                return std::vector<float>(content.begin(), content.end());
            },
        .compute =
            [](std::span<const std::vector<float>> clips, std::span<const std::span<float>> images) {
                for (std::size_t clip = 0; clip < clips.size(); ++clip) {
                    const std::string content(clips[clip].begin(), clips[clip].end());
                    ASSERT_EQ(images[clip].size(), kValues - 2);
                    for (std::size_t i = 0; i < kValues - 2; ++i) images[clip][i] = value_of(content, i);
                }
            }};
    for (const std::int64_t from_cache : {0, 100}) {
        const FeatureLoad load = load_features(table_, recipe, {.cache = cache_, .threads = 2}, {});
        EXPECT_EQ(load.from_cache, from_cache);
        expect_right(load);
    }
}

TEST_F(FeatureCache, ComputesOnceThenReads) {
    const FeatureLoad first = load();
    EXPECT_EQ(first.computed, 100);
    EXPECT_EQ(first.from_cache, 0);
    EXPECT_EQ(first.not_saved, "");
    expect_right(first);
    const FeatureLoad second = load();
    EXPECT_EQ(second.computed, 0);
    EXPECT_EQ(second.from_cache, 100);
    EXPECT_EQ(second.images, first.images);
    EXPECT_EQ(calls_, 100);
    EXPECT_THAT(packs(), SizeIs(1));
}

TEST_F(FeatureCache, DoesNotDependOnTheNumberOfThreads) {
    const auto one = load("one", 1).images;
    EXPECT_EQ(load("two", 2).images, one);
    EXPECT_EQ(load("seven", 7).images, one);
}

TEST_F(FeatureCache, WorksWithoutAFolder) {
    cache_.clear();
    const path before = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
    expect_right(load());
    EXPECT_EQ(load().computed, 100);
    std::filesystem::current_path(before);
    EXPECT_THAT(std::vector<path>(std::filesystem::directory_iterator(folder_.path()), {}), SizeIs(1));
}

TEST_F(FeatureCache, NoticesOtherSettings) {
    load();
    EXPECT_EQ(load("test 2").computed, 100);
    EXPECT_EQ(load("test 1").from_cache, 100);
    EXPECT_EQ(load("test 2").from_cache, 100);
}

TEST_F(FeatureCache, NoticesAChangedFile) {
    load();
    write(table_.clips[5].audio, "another length");
    write(table_.clips[6].audio, "clip X");  // as long as before
    age(table_.clips[6].audio, std::chrono::hours(1));
    const FeatureLoad changed = load();
    EXPECT_EQ(changed.computed, 2);
    expect_right(changed);
}

TEST_F(FeatureCache, KnowsACopyByItsContent) {
    load();
    add_clip("clip 7");
    std::filesystem::rename(table_.clips[3].audio, folder_ / "audio/renamed.wav");
    table_.clips[3].audio = folder_ / "audio/renamed.wav";
    const FeatureLoad copied = load();
    EXPECT_EQ(copied.computed, 0);
    expect_right(copied);
}

TEST_F(FeatureCache, KeepsBadClipsOut) {
    add_clip("bad");
    add_clip("nan");
    add_clip("gone");
    table_.clips.back().audio.clear();
    for (int round = 0; round < 2; ++round) {
        const FeatureLoad result = load();
        ASSERT_THAT(result.bad, SizeIs(3));
        EXPECT_EQ(result.bad[0].clip, 100U);
        EXPECT_EQ(result.bad[0].reason, "it's silent");
        EXPECT_EQ(result.bad[1].clip, 101U);
        EXPECT_THAT(result.bad[1].reason, testing::HasSubstr("finite"));
        EXPECT_EQ(result.bad[2].clip, 102U);
        EXPECT_THAT(result.bad[2].reason, testing::HasSubstr("no audio file"));
        EXPECT_EQ(result.computed + result.from_cache, 100);
        for (std::size_t i = 100 * kValues; i < result.images.size(); ++i) EXPECT_EQ(result.images[i], 0);
    }
}

// Whatever byte of the pack or the index flips, the features are right, and the damage is mended.
TEST_F(FeatureCache, SurvivesDamage) {
    const auto whole = load().images;
    const path pack = packs().at(0);
    for (const path& file : {pack, cache_ / "files.index"}) {
        const std::string bytes = read_bytes(file);
        ASSERT_GT(bytes.size(), 1000U);
        for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 60) {
            std::string damaged = bytes;
            damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
            write_bytes(file, damaged);
            EXPECT_EQ(load().images, whole) << file << " byte " << at;
            EXPECT_EQ(load().from_cache, 100) << file << " byte " << at;
        }
        write_bytes(file, bytes);
    }
}

TEST_F(FeatureCache, SurvivesTruncation) {
    const auto whole = load().images;
    for (const path& file : {packs().at(0), cache_ / "files.index"}) {
        const std::string bytes = read_bytes(file);
        for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{64}, std::size_t{100},
                                       bytes.size() / 2, bytes.size() - 1}) {
            write_bytes(file, std::string_view(bytes).substr(0, size));
            EXPECT_EQ(load().images, whole) << file << " " << size;
            const FeatureLoad mended = load();
            EXPECT_EQ(mended.from_cache, 100) << file << " " << size;
            EXPECT_EQ(mended.images, whole);
        }
    }
}

TEST_F(FeatureCache, OneDamagedEntryCostsOneClip) {
    load();
    const path pack = packs().at(0);
    std::string bytes = read_bytes(pack);
    bytes[bytes.size() - 3] ^= 1;
    write_bytes(pack, bytes);
    EXPECT_EQ(load().computed, 1);
    EXPECT_EQ(read_bytes(pack).size(), bytes.size());  // mended in its place
}

TEST_F(FeatureCache, AFolderThatCannotBeWrittenCostsOnlyTheSaving) {
    write_bytes(folder_ / "file", "");
    cache_ = folder_ / "file/cache";
    const FeatureLoad result = load();
    expect_right(result);
    EXPECT_EQ(result.computed, 100);
    EXPECT_THAT(result.not_saved, testing::StartsWith("can't write"));
}

TEST_F(FeatureCache, KeepsWhatWasComputedBeforeAStop) {
    std::int64_t last = 0;
    const auto stopped = load_features(table_, recipe(), {.cache = cache_, .threads = 2},
                                       [&](std::int64_t done, std::int64_t total) {
                                           EXPECT_EQ(done, last + 1);
                                           EXPECT_EQ(total, 100);
                                           last = done;
                                           return done < 40;
                                       });
    EXPECT_TRUE(stopped.stopped);
    EXPECT_EQ(last, 40);
    EXPECT_GE(stopped.computed, 40);
    EXPECT_LT(stopped.computed, 50);
    const FeatureLoad rest = load();
    EXPECT_FALSE(rest.stopped);
    EXPECT_EQ(rest.from_cache, stopped.computed);
    expect_right(rest);
}

TEST_F(FeatureCache, KeepsWhatWasComputedBeforeAnError) {
    FeatureRecipe failing = recipe();
    failing.compute = [this, good = failing.compute](const path& file, std::span<float> image) {
        if (calls_ == 50) throw std::runtime_error("out of order");
        good(file, image);
    };
    EXPECT_THROW(load_features(table_, failing, {.cache = cache_, .threads = 1}, {}), std::runtime_error);
    EXPECT_EQ(load().from_cache, 50);
}

TEST_F(FeatureCache, KeepsWhatWasComputedBeforeAKill) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        load_features(table_, recipe(), {.cache = cache_, .threads = 1}, [](std::int64_t done, std::int64_t) {
            if (done == 70) ::raise(SIGKILL);
            return true;
        });
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const FeatureLoad rest = load();
    EXPECT_EQ(rest.from_cache, 64);
    expect_right(rest);
}

TEST_F(FeatureCache, IsSharedByProcesses) {
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            FeatureRecipe slow = recipe();
            slow.compute = [good = slow.compute](const path& file, std::span<float> image) {
                std::this_thread::sleep_for(std::chrono::microseconds(300));
                good(file, image);
            };
            const FeatureLoad result = load_features(table_, slow, {.cache = cache_, .threads = 1}, {});
            ::_exit(result.not_saved.empty() && result.images.back() == value_of("clip 99", kValues - 1) ? 0
                                                                                                         : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    const FeatureLoad result = load();
    EXPECT_EQ(result.from_cache, 100);
    expect_right(result);
    const auto bytes = std::filesystem::file_size(packs().at(0));
    EXPECT_EQ(bytes, 64 + 100 * (32 + kValues * sizeof(float)));  // nothing twice
}

TEST(FeatureCacheFolder, ComesFromTheEnvironment) {
    const auto with = [](const char* own, const char* base, const char* home) {
        ::setenv("KICKDRUM_CACHE", own, 1);
        ::setenv("XDG_CACHE_HOME", base, 1);
        ::setenv("HOME", home, 1);
        return default_feature_cache();
    };
    const std::string home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
    EXPECT_EQ(with("/a", "/b", "/c"), "/a");
    EXPECT_EQ(with("", "/b", "/c"), "/b/kickdrum");
    EXPECT_EQ(with("", "", "/c"), "/c/.cache/kickdrum");
    EXPECT_EQ(with("", "", ""), "");
    ::setenv("HOME", home.c_str(), 1);
    ::unsetenv("KICKDRUM_CACHE");
    ::unsetenv("XDG_CACHE_HOME");
}

TEST(LogMelFeatures, ComeFromSound) {
    const TemporaryFolder folder;
    ClipTable table;
    const int wav = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    for (const double frequency : {200.0, 2000.0, 0.0}) {
        const path file = folder / (std::to_string(table.clips.size()) + ".wav");
        ASSERT_TRUE(write_audio(file, sine(frequency, 44100, 88200), 44100, 1, wav));
        table.clips.push_back({.id = file.stem().string(), .audio = file});
    }
    FeatureConfig config;
    config.height = 16;
    config.width = 8;
    const FeatureLoad first = load_features(table, config, {.cache = folder / "cache"}, {});
    EXPECT_EQ(first.computed, 2);
    ASSERT_THAT(first.bad, SizeIs(1));
    EXPECT_EQ(first.bad[0].clip, 2U);
    const FeatureLoad second = load_features(table, config, {.cache = folder / "cache", .threads = 1}, {});
    EXPECT_EQ(second.from_cache, 2);
    EXPECT_EQ(second.images, first.images);
    const std::vector<float> low(first.images.begin(), first.images.begin() + 128);
    const std::vector<float> high(first.images.begin() + 128, first.images.begin() + 256);
    EXPECT_NE(low, high);

    config.n_mels = 64;
    EXPECT_EQ(load_features(table, config, {.cache = folder / "cache"}, {}).computed, 2);
}

}  // namespace
}  // namespace kickdrum
