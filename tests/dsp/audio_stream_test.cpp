// SPDX-License-Identifier: MIT
// Decoding and resampling bit by bit, against all at once.
#include "dsp/audio_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "dsp/audio_file.h"
#include "dsp/resample.h"
#include "kernels/device/philox.h"
#include "tests/support/audio_files.h"

namespace kickdrum {
namespace {

std::vector<float> noise(std::size_t count) {
    std::vector<float> samples;
    const RandomStream stream = random_stream(1, "stream test");
    for (std::size_t i = 0; i < count; ++i)
        samples.push_back(static_cast<float>(philox(stream, i, 0)[0]) / 4294967296.0F - 0.5F);
    return samples;
}

TEST(StreamResampler, GivesWhatResampleGives) {
    const std::vector<float> samples = noise(30'011);
    for (const int rate : {48'000, 44'100, 22'050, 16'000}) {
        const std::vector<float> whole = resample(samples, rate, 22'050);
        for (const std::size_t piece : {997U, 100'000U}) {
            StreamResampler resampler(rate, 22'050);
            std::vector<float> parts;
            for (std::size_t at = 0; at < samples.size(); at += piece)
                resampler.push(std::span(samples).subspan(at, std::min(piece, samples.size() - at)), parts);
            resampler.finish(parts);
            ASSERT_NEAR(static_cast<double>(parts.size()), static_cast<double>(whole.size()), 1) << rate;
            for (std::size_t i = 0; i < std::min(parts.size(), whole.size()); ++i)
                ASSERT_NEAR(static_cast<double>(parts[i]), static_cast<double>(whole[i]), 1e-5) << i;
        }
    }
}

}  // namespace
}  // namespace kickdrum
