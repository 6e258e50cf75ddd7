// SPDX-License-Identifier: MIT
#include "experiments/data/feature_table.h"

#include <gmock/gmock.h>

#include <cmath>

#include "dsp/clip_features.h"
#include "experiments/data/labels.h"
#include "experiments/data/npy.h"
#include "experiments/files.h"
#include "experiments/runs/csv.h"
#include "kernels/device/error.h"
#include "tests/support/audio_files.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FeatureTableTest : public testing::Test {
 protected:
    void SetUp() override {
        for (int i = 0; i < 6; ++i) {
            const fs::path file = folder_ / ("c" + std::to_string(i) + ".wav");
            ASSERT_TRUE(write_audio(file, sine(100.0 * (i + 1), 22050, 11025), 22050, 1,
                                    SF_FORMAT_WAV | SF_FORMAT_FLOAT));
            table_.clips.push_back(
                {.id = i == 3 ? "with,comma" : file.stem().string(), .row = i + 2, .audio = file});
        }
    }

    TemporaryFolder folder_;
    ClipTable table_;
};

TEST_F(FeatureTableTest, DependsNeitherOnThreadsNorOnTheCache) {
    const FeatureTable plain =
        load_feature_table(table_, FeatureSet::standard, {.cache = {}, .threads = 1}, {});
    EXPECT_EQ(plain.names, feature_names(FeatureSet::standard));
    ASSERT_EQ(plain.values.size(), 6 * plain.names.size());
    const FeatureOptions cached{.cache = folder_ / "cache", .threads = 3};
    EXPECT_EQ(load_feature_table(table_, FeatureSet::standard, cached, {}).values, plain.values);
    const FeatureTable again = load_feature_table(table_, FeatureSet::standard, cached, {});
    EXPECT_EQ(again.from_cache, 6);
    EXPECT_EQ(again.values, plain.values);
    // Another set is another thing.
    EXPECT_EQ(load_feature_table(table_, FeatureSet::published, cached, {}).from_cache, 0);

    const FeaturePlan plan(FeatureSet::standard, best_simd_level());
    FramePass::Scratch scratch;
    std::vector<float> row(plan.size());
    plan.compute(read_samples(table_.clips[2].audio, kFeatureSampleRate), scratch, row);
    EXPECT_TRUE(std::ranges::equal(plain.row(2), row));
}

TEST_F(FeatureTableTest, CsvLeavesBadClipsOutAndLosesNothing) {
    write_bytes(folder_ / "c1.wav", "no sound");
    const FeatureTable table = load_feature_table(table_, FeatureSet::published, {}, {});
    ASSERT_EQ(table.bad.size(), 1U);
    EXPECT_EQ(table.bad[0].clip, 1U);
    const auto rows = parse_csv(feature_csv(table_, table));
    ASSERT_EQ(rows.size(), 6U);
    EXPECT_EQ(rows[0].fields.size(), 14U);
    EXPECT_EQ(rows[0].fields[0], "sample_id");
    EXPECT_EQ(rows[3].fields[0], "with,comma");
    for (std::size_t i = 0; i < 13; ++i) EXPECT_EQ(std::stof(rows[3].fields[i + 1]), table.row(3)[i]);
}

TEST(Npy, IsWhatNumpyReads) {
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    const std::string bytes = npy_matrix(values, 2, 3);
    EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    const auto header = static_cast<std::size_t>(static_cast<unsigned char>(bytes[8]));
    EXPECT_EQ((10 + header) % 64, 0U);
    EXPECT_THAT(bytes, HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
    EXPECT_EQ(bytes[9 + header], '\n');
    EXPECT_EQ(bytes.size(), 10 + header + sizeof(float) * 6);
    EXPECT_THROW(npy_matrix(values, 2, 2), InvalidArgument);
}

// Clips from all over the published table: each of the 13 features within 1e-3 of what was published. Of all
// 1305 clips that holds but for the chroma of one, whose file was decoded otherwise then.
TEST(FeatureTable, IsThePublishedOne) {
    if (reference_data().empty()) GTEST_SKIP() << "no reference data";
    const fs::path data = reference_data() / "hard_techno";
    const auto reference = parse_csv(read_file(data / "reference" / "librosa_features.csv"));
    ClipTable table;
    std::vector<const CsvRow*> expected;
    for (std::size_t i = 1; i < reference.size(); i += 25) {
        const std::string& id = reference[i].fields[0];
        table.clips.push_back({.id = id, .audio = data / "clips" / (id + ".mp3")});
        expected.push_back(&reference[i]);
    }
    ASSERT_GT(table.clips.size(), 50U);
    const FeatureTable features = load_feature_table(table, FeatureSet::published, {}, {});
    EXPECT_TRUE(features.bad.empty());
    for (std::size_t c = 0; c < features.names.size(); ++c)
        EXPECT_EQ(reference[0].fields[c + 1], features.names[c]);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        for (std::size_t c = 0; c < features.names.size(); ++c) {
            const double published = std::stod(expected[i]->fields[c + 1]);
            EXPECT_NEAR(static_cast<double>(features.row(i)[c]), published, 1e-3 * std::abs(published))
                << table.clips[i].id << ' ' << features.names[c];
        }
    }
}

}  // namespace
}  // namespace kickdrum
