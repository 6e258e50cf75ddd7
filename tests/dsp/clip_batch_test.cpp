// SPDX-License-Identifier: MIT
#include "dsp/clip_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "kernels/device/error.h"
#include "tests/dsp/naive_log_mel.h"
#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

using Clips = std::vector<std::vector<float>>;

// A plan with its tensors, all for the clips of one test.
class Batch {
 public:
    Batch(Context& context, const ClipBatchSpec& spec)
        : context_(&context),
          plan_(make_clip_batch(context, spec)),
          samples_(context, plan_->samples_shape()),
          lengths_(context, plan_->lengths_shape(), DType::i32),
          images_(context, plan_->images_shape()),
          power_(context, plan_->power_shape()),
          scratch_(context, {static_cast<std::int64_t>(plan_->scratch_bytes() / sizeof(float))}) {}

    // What lies behind a clip's end is NaN.
    void assign(const Clips& clips) {
        const auto row = static_cast<std::size_t>(plan_->spec().max_samples);
        std::vector<float> samples(static_cast<std::size_t>(plan_->spec().clips) * row, NAN);
        std::vector<std::int32_t> lengths(static_cast<std::size_t>(plan_->spec().clips), 0);
        for (std::size_t i = 0; i < clips.size(); ++i) {
            std::copy(clips[i].begin(), clips[i].end(),
                      samples.begin() + static_cast<std::ptrdiff_t>(i * row));
            lengths[i] = static_cast<std::int32_t>(clips[i].size());
        }
        samples_.assign(samples);
        lengths_.assign(lengths);
    }
    void assign_lengths(const std::vector<std::int32_t>& lengths) { lengths_.assign(lengths); }

    void run(std::int64_t clips) {
        plan_->execute(*context_, samples_.tensor().first_rows(clips), lengths_.tensor().first_rows(clips),
                       images_.tensor().first_rows(clips), scratch_);
    }
    std::vector<float> images(const Clips& clips) {
        assign(clips);
        run(static_cast<std::int64_t>(clips.size()));
        return images_.values();
    }
    std::vector<float> images() const { return images_.values(); }
    std::vector<float> power(const Clips& clips) {
        assign(clips);
        const auto count = static_cast<std::int64_t>(clips.size());
        plan_->mel_power(*context_, samples_.tensor().first_rows(count), lengths_.tensor().first_rows(count),
                         power_.tensor().first_rows(count), scratch_);
        return power_.values();
    }
    const ClipBatch& plan() const { return *plan_; }

 private:
    Context* context_;
    std::unique_ptr<ClipBatch> plan_;
    TestTensor samples_, lengths_, images_, power_, scratch_;
};

class ClipBatchTest : public DeviceTest {
 protected:
    std::vector<ClipTransform> transforms(int n_fft) const {
        if (on_cpu()) return {ClipTransform::automatic};
        if (!has_one_kernel(n_fft)) return {ClipTransform::automatic, ClipTransform::chain};
        return {ClipTransform::chain, ClipTransform::one_kernel};
    }
};
INSTANTIATE_FOR_DEVICES(ClipBatchTest);

std::int64_t longest(const Clips& clips) {
    std::size_t samples = 0;
    for (const auto& clip : clips) samples = std::max(samples, clip.size());
    return static_cast<std::int64_t>(samples);
}

Clips music(const std::vector<int>& lengths, int sample_rate = 22050) {
    Clips clips;
    for (const int length : lengths) clips.push_back(test_music(length, sample_rate));
    return clips;
}

struct Case {
    LogMelSettings log_mel;
    int height, width;
    std::vector<int> lengths;
};

std::vector<Case> cases() {
    return {
        // More bands than threads of a frame; the picture narrower and wider than the clips are long.
        {{.n_fft = 1024, .hop_length = 300, .n_mels = 70}, 90, 5, {2500, 0, 1, 1024, 299}},
        {{.n_fft = 2048, .hop_length = 511, .n_mels = 20, .fmax = 2000}, 11, 40, {2048, 3001}},
        {{.n_fft = 1024, .hop_length = 512, .n_mels = 1, .fmin = 0}, 1, 4, {1600}},
        // Frames that begin one sample before the clip, or end one behind it, at even places in memory.
        {{.n_fft = 1024, .hop_length = 511, .n_mels = 8}, 5, 4, {1500, 2044, 2045}},
        {{.sample_rate = 16000,
          .n_fft = 400,
          .hop_length = 160,
          .n_mels = 40,
          .fmin = 0,
          .fmax = 8000,
          .top_db = 60},
         64,
         3,
         {900, 1200}},
        {{.sample_rate = 8000, .n_fft = 202, .hop_length = 77, .n_mels = 5, .fmin = 0, .fmax = 4000},
         7,
         7,
         {500, 33, 76, 77}},
    };
}

// One clip's powers: 1e-4 of the value, down to 60 dB below the frame's loudest band; behind its last frame,
// the NaN that was there before.
void expect_power(std::span<const float> actual, std::size_t bands, const NaiveLogMel& expected) {
    const std::size_t frames = expected.loudest.size();
    double error = 0;
    for (std::size_t frame = 0; frame < frames; ++frame) {
        for (std::size_t band = 0; band < bands; ++band) {
            const double power = expected.power[band * frames + frame];
            const float value = actual[frame * bands + band];
            ASSERT_TRUE(std::isfinite(value)) << "frame " << frame << ", band " << band;
            if (power > 0 && power >= 1e-6 * expected.loudest[frame]) {
                error = std::max(error, std::abs(static_cast<double>(value) - power) / power);
            }
        }
    }
    EXPECT_LE(error, 1e-4);
    for (const float value : actual.subspan(frames * bands)) EXPECT_TRUE(std::isnan(value));
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b, std::size_t offset = 0) {
    double difference = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        const double d = std::abs(static_cast<double>(a.at(offset + i)) - static_cast<double>(b[i]));
        difference = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(difference, d);
    }
    return difference;
}

TEST_P(ClipBatchTest, MatchesDoublePrecision) {
    for (const Case& test : cases()) {
        const Clips clips = music(test.lengths, test.log_mel.sample_rate);
        for (const ClipTransform transform : transforms(test.log_mel.n_fft)) {
            SCOPED_TRACE(testing::Message()
                         << "n_fft " << test.log_mel.n_fft << ", transform " << static_cast<int>(transform));
            Batch batch(context(),
                        {.features = {.log_mel = test.log_mel, .height = test.height, .width = test.width},
                         .clips = static_cast<std::int64_t>(clips.size()),
                         .max_samples = longest(clips),
                         .transform = transform});
            const auto power = batch.power(clips);
            const auto images = batch.images(clips);
            const MelPicture picture(test.log_mel.n_mels, test.log_mel.sample_rate, test.height, test.width);
            const auto bands = static_cast<std::size_t>(test.log_mel.n_mels);
            const auto clip_size = static_cast<std::size_t>(batch.plan().power_shape().row_count());
            std::vector<float> image(static_cast<std::size_t>(batch.plan().images_shape().row_count()));
            for (std::size_t i = 0; i < clips.size(); ++i) {
                SCOPED_TRACE(testing::Message() << "clip " << i);
                const NaiveLogMel expected = naive_log_mel(test.log_mel, clips[i]);
                expect_power(std::span(power).subspan(i * clip_size, clip_size), bands, expected);
                // Pixels are means of decibels, divided by top_db: 1e-3 dB, and the rounding of 1.
                picture.smooth(std::vector<float>(expected.db.begin(), expected.db.end()),
                               static_cast<float>(test.log_mel.top_db), image);
                EXPECT_LE(largest_difference(images, image, i * image.size()),
                          1e-3 / test.log_mel.top_db + 5e-7);
            }
        }
    }
}

TEST_P(ClipBatchTest, IsWhatOneClipAloneGives) {
    const ClipFeatureSettings features{.log_mel = {.n_mels = 40}, .height = 32, .width = 6};
    const Clips clips = music({5000, 700, 4096});
    Batch batch(context(), {.features = features, .clips = 3, .max_samples = 5000});
    const auto images = batch.images(clips);
    const ClipFeaturePlan plan(features, on_cpu() ? context().simd() : SimdLevel::portable);
    std::vector<float> image(32 * 6);
    for (std::size_t i = 0; i < clips.size(); ++i) {
        plan.compute(clips[i], image);
        EXPECT_LE(largest_difference(images, image, i * image.size()), on_cpu() ? 0 : 2e-5);
    }
}

TEST_P(ClipBatchTest, BothTransformsAgree) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has one way";
    for (const int n_fft : {1024, 2048}) {
        ClipBatchSpec spec{.features = {.log_mel = {.n_fft = n_fft, .hop_length = 256, .n_mels = 33},
                                        .height = 16,
                                        .width = 5},
                           .clips = 2,
                           .max_samples = 1999};
        const Clips clips = music({1999, 1001});
        spec.transform = ClipTransform::chain;
        Batch chain(context(), spec);
        spec.transform = ClipTransform::one_kernel;
        Batch one_kernel(context(), spec);
        spec.transform = ClipTransform::automatic;
        Batch automatic(context(), spec);
        const auto images = one_kernel.images(clips);
        EXPECT_LE(largest_difference(images, chain.images(clips)), 2e-5);
        EXPECT_EQ(images, automatic.images(clips));
    }
}

TEST_P(ClipBatchTest, SilenceIsTheLoudestThereIs) {
    for (const ClipTransform transform : transforms(1024)) {
        Batch batch(context(), {.features = {.log_mel = {.n_mels = 16}, .height = 8, .width = 4},
                                .clips = 2,
                                .max_samples = 1500,
                                .transform = transform});
        EXPECT_EQ(batch.images({std::vector<float>(1500), {}}), std::vector<float>(2 * 8 * 4));
    }
}

TEST_P(ClipBatchTest, AClipHasNothingToDoWithItsNeighbours) {
    for (const ClipTransform transform : transforms(1024)) {
        Batch batch(context(), {.features = {.log_mel = {.n_mels = 16}, .height = 8, .width = 4},
                                .clips = 3,
                                .max_samples = 2000,
                                .transform = transform});
        const Clips clips = music({2000, 1300, 600});
        const auto together = batch.images(clips);
        EXPECT_EQ(together, batch.images(clips));
        const std::size_t pixels = 8 * 4;
        for (std::size_t i = 0; i < 3; ++i) {
            const auto alone = batch.images({clips[i]});
            EXPECT_TRUE(std::equal(alone.begin(), alone.begin() + static_cast<std::ptrdiff_t>(pixels),
                                   together.begin() + static_cast<std::ptrdiff_t>(i * pixels)))
                << "clip " << i;
        }
    }
}

TEST_P(ClipBatchTest, ExecutionMakesNoBuffer) {
    for (const ClipTransform transform : transforms(1024)) {
        Batch batch(context(), {.features = {.log_mel = {.n_mels = 16}, .height = 8, .width = 4},
                                .clips = 1,
                                .max_samples = 1000,
                                .transform = transform});
        batch.assign(music({1000}));
        const std::size_t bytes = context().bytes_in_use();
        context().freeze();
        EXPECT_NO_THROW(batch.run(1));
        context().thaw();
        EXPECT_EQ(context().bytes_in_use(), bytes);
    }
}

TEST_P(ClipBatchTest, BadClipsAreRefusedOrBecomeNaN) {
    for (const ClipTransform transform : transforms(1024)) {
        Batch batch(context(), {.features = {.log_mel = {.n_mels = 16}, .height = 8, .width = 4},
                                .clips = 3,
                                .max_samples = 1200,
                                .transform = transform});
        Clips clips = music({1200, 1200, 1200});
        const auto good = batch.images(clips);
        const auto expect_second_refused = [&] {
            if (on_cpu()) {
                EXPECT_THROW(batch.run(3), InvalidArgument);
                return;
            }
            batch.run(3);
            const auto images = batch.images();
            for (std::size_t i = 0; i < images.size(); ++i) {
                const bool bad = i / 32 == 1;
                EXPECT_TRUE(bad ? std::isnan(images[i]) : images[i] == good[i]) << "pixel " << i;
            }
        };
        for (const std::int32_t length : {-1, 1201}) {
            batch.assign_lengths({1200, length, 1200});
            expect_second_refused();
        }
        for (const float bad :
             {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
            clips[1][1100] = bad;
            batch.assign(clips);
            expect_second_refused();
        }
    }
}

// Nothing is read there, were it only for frames that nobody wants: short clips, so that memory ends soon.
TEST_P(ClipBatchTest, AWrongLengthIsNotTakenForSamples) {
    if (on_cpu()) GTEST_SKIP() << "the CPU refuses the whole batch";
    for (const ClipTransform transform : transforms(1024)) {
        Batch batch(context(), {.features = {.log_mel = {.n_fft = 1024, .hop_length = 128, .n_mels = 4},
                                             .height = 4,
                                             .width = 2},
                                .clips = 1,
                                .max_samples = 10,
                                .transform = transform});
        batch.assign(music({10}));
        batch.assign_lengths({1 << 30});
        batch.run(1);
        for (const float pixel : batch.images()) EXPECT_TRUE(std::isnan(pixel));
    }
}

TEST_P(ClipBatchTest, SpecsAndShapesAreChecked) {
    const ClipBatchSpec good{.features = {.log_mel = {.n_fft = 512}}, .clips = 2, .max_samples = 600};
    const auto refused = [&](auto change) {
        ClipBatchSpec spec = good;
        change(spec);
        EXPECT_THROW(make_clip_batch(context(), spec), InvalidArgument);
    };
    refused([](ClipBatchSpec& spec) { spec.clips = 0; });
    refused([](ClipBatchSpec& spec) { spec.clips = 65536; });
    refused([](ClipBatchSpec& spec) { spec.max_samples = -1; });
    refused([](ClipBatchSpec& spec) { spec.max_samples = std::numeric_limits<std::int32_t>::max(); });
    refused([](ClipBatchSpec& spec) { spec.transform = ClipTransform::one_kernel; });
    refused([](ClipBatchSpec& spec) { spec.features.image = ClipImage::specshow_gray; });
    refused([](ClipBatchSpec& spec) { spec.features.width = 0; });
    refused([](ClipBatchSpec& spec) { spec.features.log_mel.n_fft = 513; });
    refused([](ClipBatchSpec& spec) { spec.features.log_mel.hop_length = 0; });

    const auto plan = make_clip_batch(context(), good);
    const TestTensor samples(context(), plan->samples_shape());
    const TestTensor wide(context(), {2, 601});
    const TestTensor lengths(context(), {2}, DType::i32);
    const TestTensor images(context(), plan->images_shape());
    const TestTensor scratch(context(), {static_cast<std::int64_t>(plan->scratch_bytes() / sizeof(float))});
    EXPECT_THROW(plan->execute(context(), wide, lengths, images, scratch), InvalidArgument);
    EXPECT_THROW(plan->execute(context(), samples, lengths.tensor().first_rows(1), images, scratch),
                 InvalidArgument);
    EXPECT_THROW(plan->execute(context(), samples, lengths, images.tensor().first_rows(1), scratch),
                 InvalidArgument);
    EXPECT_THROW(plan->execute(context(), samples, lengths, images, scratch.tensor().first_rows(1)),
                 InvalidArgument);
    EXPECT_THROW(plan->mel_power(context(), samples, lengths, images, scratch), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
