// SPDX-License-Identifier: MIT
// An experiment's features computed on the GPU against the CPU's, and their places in the cache. SKIPPED
// where no GPU can be used.
#include <gmock/gmock.h>

#include <cmath>

#include "experiments/data/feature_cache.h"
#include "tests/integration/tiny_study.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

class DeviceFeatures : public testing::Test {
 protected:
    void SetUp() override {
        if (available_devices().size() < 2) GTEST_SKIP() << "there is no GPU";
        context_ = std::make_unique<Context>(ContextOptions{.device = Device::cuda, .threads = 1});
        for (int track = 0; track < 18; ++track) {
            for (int clip = 0; clip < 2; ++clip) add(study_.clip(fmt::format("t{:02}_{}", track, clip)));
        }
    }
    void add(const std::filesystem::path& audio) {
        table_.clips.push_back({.id = audio.stem().string(), .audio = audio});
    }
    // Noise of a length of its own.
    void add_noise(std::size_t samples, std::uint32_t seed) {
        std::vector<float> noise;
        for (std::size_t i = 0; i < samples; ++i) {
            seed = seed * 1664525U + 1013904223U;
            noise.push_back(static_cast<float>(seed) / 4294967296.0F - 0.5F);
        }
        const auto file = study_ / fmt::format("clips/noise{}.wav", table_.clips.size());
        write_wav(file, noise, TinyStudy::kRate);
        add(file);
    }
    FeatureLoad load(const ClipTable& table, bool on_device, bool cached = false) {
        return load_features(table, config_,
                             {.cache = cached ? study_ / "features" : std::filesystem::path(),
                              .threads = 2,
                              .context = on_device ? context_.get() : nullptr},
                             {});
    }
    ClipTable& table() { return table_; }
    FeatureConfig& config() { return config_; }
    const TinyStudy& study() const { return study_; }

 private:
    TinyStudy study_;
    ClipTable table_;
    FeatureConfig config_{.sample_rate = 8000,
                          .n_fft = 1024,
                          .hop_length = 256,
                          .n_mels = 20,
                          .fmin = 20,
                          .fmax = 4000,
                          .height = 24,
                          .width = 10};
    std::unique_ptr<Context> context_;
};

// A pixel is a mean of decibels divided by top_db: as a power it must agree to 1e-4, down to 60 dB below the
// clip's loudest; below that, to 1e-3 dB.
void expect_close(const FeatureLoad& actual, const FeatureLoad& expected, double top_db) {
    ASSERT_EQ(actual.images.size(), expected.images.size());
    double near = 0;
    double far = 0;
    for (std::size_t i = 0; i < expected.images.size(); ++i) {
        const double db =
            (static_cast<double>(actual.images[i]) - static_cast<double>(expected.images[i])) * top_db;
        double& worst = static_cast<double>(expected.images[i]) * top_db <= 60 ? near : far;
        worst = std::max(worst, std::abs(db));
    }
    EXPECT_LE(std::pow(10, near / 10) - 1, 1e-4);
    EXPECT_LE(far, 1e-3);
}

TEST_F(DeviceFeatures, AreThoseOfTheCpu) {
    for (const std::size_t samples : {900U, 5000U, 1U, 12'345U}) add_noise(samples, 7);
    for (const int n_fft : {1024, 2048, 360}) {
        SCOPED_TRACE(n_fft);
        config().n_fft = n_fft;
        const FeatureLoad cpu = load(table(), false);
        const FeatureLoad cuda = load(table(), true);
        ASSERT_TRUE(cpu.bad.empty() && cuda.bad.empty());
        EXPECT_EQ(cuda.computed, std::ssize(table().clips));
        expect_close(cuda, cpu, config().top_db);
    }
}

// More clips than fit one call, in another order and among others.
TEST_F(DeviceFeatures, DependOnTheirClipAlone) {
    for (std::uint32_t i = 0; i < 40; ++i) add_noise(700 + 300 * (i % 7), i);
    const FeatureLoad all = load(table(), true);
    ClipTable few;
    std::vector<std::size_t> places;
    for (std::size_t i = table().clips.size(); i-- > 0;) {
        if (i % 3 == 1) continue;
        few.clips.push_back(table().clips[i]);
        places.push_back(i);
    }
    const FeatureLoad some = load(few, true);
    const std::size_t pixels = all.images.size() / table().clips.size();
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto one = std::span(some.images).subspan(i * pixels, pixels);
        const auto same = std::span(all.images).subspan(places[i] * pixels, pixels);
        EXPECT_TRUE(std::ranges::equal(one, same)) << "clip " << places[i];
    }
}

TEST_F(DeviceFeatures, AreCachedApartFromTheCpus) {
    const FeatureLoad cpu = load(table(), false, true);
    const FeatureLoad cuda = load(table(), true, true);
    EXPECT_EQ(cuda.from_cache, 0);
    EXPECT_EQ(cuda.computed, std::ssize(table().clips));
    EXPECT_NE(cuda.images, cpu.images) << "then they might share the cache";
    for (const bool on_device : {true, false}) {
        const FeatureLoad again = load(table(), on_device, true);
        EXPECT_EQ(again.computed, 0);
        EXPECT_EQ(again.images, on_device ? cuda.images : cpu.images);
    }
}

TEST_F(DeviceFeatures, BadClipsAreBadForTheSameReasons) {
    write_text(study() / "clips/text.wav", "this is no sound");
    std::vector<float> broken(3000, 0.25F);
    broken[1234] = std::numeric_limits<float>::quiet_NaN();
    write_wav(study() / "clips/broken.wav", broken, TinyStudy::kRate);
    for (const auto* name : {"clips/text.wav", "clips/broken.wav", "clips/none.wav"}) add(study() / name);
    const FeatureLoad cpu = load(table(), false);
    const FeatureLoad cuda = load(table(), true);
    ASSERT_EQ(cpu.bad.size(), 3U);
    ASSERT_EQ(cuda.bad.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(cuda.bad[i].clip, cpu.bad[i].clip);
        EXPECT_EQ(cuda.bad[i].reason, cpu.bad[i].reason);
    }
    expect_close(cuda, cpu, config().top_db);
}

}  // namespace
}  // namespace kickdrum
