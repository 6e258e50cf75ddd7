// SPDX-License-Identifier: MIT
// Damaged audio files: read_audio gives sound or an AudioError, whatever it is fed. Run it under
// AddressSanitizer, and for longer: KICKDRUM_FUZZ_SECONDS=600 dsp_tests --gtest_filter='AudioFuzz*'
#include <gtest/gtest.h>

#include <cmath>

#include "dsp/audio_file.h"
#include "tests/support/audio_files.h"
#include "tests/support/mutations.h"

namespace kickdrum {
namespace {

std::vector<std::string> small_files(const TemporaryFolder& folder) {
    std::vector<std::string> files;
    const std::vector<int> formats{SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                                   SF_FORMAT_WAV | SF_FORMAT_PCM_24,
                                   SF_FORMAT_WAV | SF_FORMAT_FLOAT,
                                   SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM,
                                   SF_FORMAT_WAV | SF_FORMAT_ULAW,
                                   SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                   SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                                   SF_FORMAT_OGG | SF_FORMAT_OPUS,
                                   SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III,
                                   SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
                                   SF_FORMAT_AU | SF_FORMAT_PCM_16,
                                   SF_FORMAT_RF64 | SF_FORMAT_PCM_16};
    for (const int format : formats) {
        for (const int channels : {1, 2}) {
            const auto file = folder / "seed";
            std::vector<float> wave = sine(440, 8000, 1600U * static_cast<std::size_t>(channels));
            if (write_audio(file, wave, 8000, channels, format)) files.push_back(read_bytes(file));
        }
    }
    return files;
}

TEST(AudioFuzz, SoundOrAudioError) {
    const TemporaryFolder folder;
    const std::vector<std::string> seeds = small_files(folder);
    ASSERT_GE(seeds.size(), 8U);
    const auto file = folder / "damaged";
    int sounds = 0;
    int errors = 0;
    fuzz(1500, [&](std::uint64_t number) {
        Mutations mutations(1, number);
        write_bytes(file, mutations.damaged(seeds));
        try {
            const Audio audio = read_audio(file);
            ++sounds;
            ASSERT_GE(audio.sample_rate, 1) << number;
            ASSERT_GE(audio.channels, 1) << number;
            ASSERT_FALSE(audio.samples.empty()) << number;
            for (const float x : audio.samples) ASSERT_TRUE(std::isfinite(x)) << number;
        } catch (const AudioError& error) {
            ++errors;
            ASSERT_NE(std::string(error.what()), "") << number;
        }
    });
    // Neither all is refused nor all believed.
    EXPECT_GT(sounds, 50);
    EXPECT_GT(errors, 50);
}

}  // namespace
}  // namespace kickdrum
