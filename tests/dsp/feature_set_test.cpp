// SPDX-License-Identifier: MIT
// The features of librosa's kind, against librosa 0.11 (scripts/make_feature_reference.py).
#include "dsp/features/feature_set.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "dsp/features/chroma.h"
#include "kernels/device/error.h"
#include "tests/dsp/feature_signals.h"
#include "tests/dsp/simd_test.h"

namespace kickdrum {
namespace {

class FeatureSetTest : public SimdTest {
 protected:
    std::map<std::string, double> features(FeatureSet set, const std::vector<float>& samples) const {
        const FeaturePlan plan(set, simd());
        FramePass::Scratch scratch;
        std::vector<float> values(plan.size(), NAN);
        plan.compute(samples, scratch, values);
        const auto names = feature_names(set);
        std::map<std::string, double> result;
        for (std::size_t i = 0; i < names.size(); ++i) result[names[i]] = static_cast<double>(values[i]);
        return result;
    }
};
INSTANTIATE_FOR_SIMD_LEVELS(FeatureSetTest);

// What a feature may be off beside a thousandth of itself: rounding, in the feature's unit. librosa
// transforms in double precision; in single precision a spectrum has a floor of rounding about 1e-7 below its
// peak, which pure tones reach.
double tolerance(const std::string& signal, const std::string& feature) {
    const bool pure = signal == "sweep" || signal == "half_silent" || signal == "dc" || signal == "impulse";
    const auto is = [&](std::string_view family) { return feature.starts_with(family); };
    // The floor makes the valleys of a pure tone, and weighs the farther from it the more.
    if (is("spectral_contrast")) return pure ? 3 : 1e-3;
    if (is("spec_bw") || is("spectral_bandwidth")) return pure ? 2 : 1e-2;
    // All bins of an impulse are equal, so that rounding alone says which stand out, and in which tuning.
    if (is("chroma")) return signal == "impulse" ? 0.03 : 1e-5;
    // A single onset agrees with nothing, and what is left is rounding.
    if (is("tempo") && signal == "half_silent") return 20;
    if (is("mfcc_delta")) return 1e-4;
    if (is("mfcc")) return 1e-3;
    return 1e-5;
}

TEST_P(FeatureSetTest, MatchesLibrosa) {
    const auto reference = feature_reference();
    ASSERT_EQ(reference.size(), 8U);
    for (const auto& [signal, samples] : feature_signals()) {
        for (const FeatureSet set : {FeatureSet::published, FeatureSet::standard}) {
            const auto actual = features(set, samples);
            EXPECT_EQ(actual.size(), set == FeatureSet::published ? 13U : 178U);
            for (const auto& [name, value] : actual) {
                const double expected = reference.at(signal).at(name);
                EXPECT_NEAR(value, expected, 1e-3 * std::abs(expected) + tolerance(signal, name))
                    << signal << ' ' << name;
            }
        }
    }
}

// Beside the standard set: against numpy and scipy, on librosa's mel bands.
TEST_P(FeatureSetTest, RichMatchesNumpy) {
    const auto reference = feature_reference("rich_reference.csv").at("kicks");
    const auto actual = features(FeatureSet::rich, feature_signals().at("kicks"));
    EXPECT_EQ(actual.size(), 1158U);
    ASSERT_EQ(reference.size(), 1158U - 178U);
    for (const auto& [name, expected] : reference) {
        EXPECT_NEAR(actual.at(name), expected, 1e-3 + 1e-4 * std::abs(expected)) << name;
    }
}

TEST_P(FeatureSetTest, RichOfAShortOrConstantClipIsFinite) {
    for (const auto* signal : {"silence", "one_sample", "dc"}) {
        for (const auto& [name, value] : features(FeatureSet::rich, feature_signals().at(signal))) {
            EXPECT_TRUE(std::isfinite(value)) << signal << ' ' << name;
        }
    }
}

TEST_P(FeatureSetTest, FindsTheTuning) {
    const FramePass pass({}, simd());
    FramePass::Scratch scratch;
    const auto reference = feature_reference();
    const auto signals = feature_signals();
    for (const auto* signal : {"silence", "sweep", "clipped", "one_sample", "dc", "kicks", "half_silent"}) {
        EXPECT_NEAR(tuning_of(pass.compute(signals.at(signal), scratch).tuning),
                    reference.at(signal).at("tuning"), 1e-9)
            << signal;
    }
    for (const double cents : {-30.0, 0.0, 20.0, 45.0}) {
        const double hz = 440 * std::exp2(cents / 1200);
        const auto tone = signal_of(22050, [&](double t) { return std::sin(2 * std::numbers::pi * hz * t); });
        EXPECT_NEAR(tuning_of(pass.compute(tone, scratch).tuning), cents / 100, 0.05) << hz << " Hz";
    }
}

// A frame's result depends neither on the vector that it shares nor on what the memory was used for before.
TEST_P(FeatureSetTest, MemoryIsUsedAgain) {
    const FeaturePlan plan(FeatureSet::standard, simd());
    const auto signals = feature_signals();
    FramePass::Scratch shared;
    for (const auto* signal : {"kicks", "one_sample", "sweep", "kicks"}) {
        FramePass::Scratch fresh;
        std::vector<float> expected(plan.size());
        std::vector<float> actual(plan.size());
        plan.compute(signals.at(signal), fresh, expected);
        plan.compute(signals.at(signal), shared, actual);
        EXPECT_EQ(actual, expected) << signal;
    }
}

TEST_P(FeatureSetTest, FramesAreWhatTheRowSummarises) {
    const FeaturePlan plan(FeatureSet::published, simd());
    FramePass::Scratch scratch;
    const auto samples = feature_signals().at("kicks");
    std::vector<float> row(plan.size());
    plan.compute(samples, scratch, row);
    const ClipFrames clip = plan.pass().compute(samples, scratch);
    std::vector<double> means;
    for (const auto& [name, matrix] : frames_of(FeatureSet::published, clip)) {
        ASSERT_EQ(matrix->frames, 1 + std::ssize(samples) / 512) << name;
        if (name == "mfcc") continue;
        double sum = 0;
        for (const float x : matrix->values) sum += static_cast<double>(x);
        means.push_back(sum / static_cast<double>(matrix->values.size()));
    }
    for (std::size_t i = 0; i < means.size(); ++i)
        EXPECT_NEAR(static_cast<double>(row[i]), means[i], 1e-6 * means[i]);
}

TEST(FeatureNames, ArePublishedOnesAndUnique) {
    EXPECT_THAT(feature_names(FeatureSet::published),
                testing::ElementsAre("chroma_stft", "rmse", "spec_cent", "spec_bw", "rolloff", "zcr", "mfcc1",
                                     "mfcc2", "mfcc3", "mfcc4", "mfcc5", "mfcc6", "mfcc7"));
    for (const FeatureSet set : {FeatureSet::published, FeatureSet::standard, FeatureSet::rich}) {
        const auto names = feature_names(set);
        EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size()) << to_string(set);
        EXPECT_EQ(FeaturePlan(set, SimdLevel::portable).size(), names.size());
    }
}

TEST(FeaturePlan, RefusesWhatItCantDo) {
    const FeaturePlan plan(FeatureSet::published, SimdLevel::portable);
    FramePass::Scratch scratch;
    std::vector<float> row(plan.size());
    EXPECT_THROW(plan.compute({}, scratch, row), InvalidArgument);
    const std::vector<float> samples(100);
    EXPECT_THROW(plan.compute(samples, scratch, std::span(row).first(3)), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
