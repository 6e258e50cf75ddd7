// SPDX-License-Identifier: MIT
#include "dsp/audio_file.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "dsp/audio_stream.h"

namespace kickdrum {
namespace {

using Kind = AudioError::Kind;

constexpr float kSilence = 1e-6F;
constexpr std::int64_t kMostReserved = 1 << 24;
constexpr std::size_t kPiece = 1 << 16;

// The header may announce anything; memory follows from what is really there.
std::vector<float> decode(AudioStream& stream) {
    std::vector<float> mono;
    mono.reserve(static_cast<std::size_t>(std::clamp<std::int64_t>(stream.announced(), 0, kMostReserved)));
    for (;;) {
        const std::size_t before = mono.size();
        mono.resize(before + kPiece);
        const std::size_t read = stream.read(std::span(mono).subspan(before));
        mono.resize(before + read);
        if (read < kPiece) return mono;
    }
}

void require_sound(const std::vector<float>& samples) {
    if (samples.empty()) {
        throw AudioError(Kind::empty, "it has no samples; export it again or leave it out");
    }
    float peak = 0;
    for (const float sample : samples) {
        if (!std::isfinite(sample)) {
            throw AudioError(Kind::not_finite,
                             "it holds samples that are no numbers (NaN or infinity); export it again");
        }
        peak = std::max(peak, std::abs(sample));
    }
    if (peak < kSilence) {
        throw AudioError(Kind::silent,
                         "it's silent throughout; leave it out or cut another part of the track");
    }
}

}  // namespace

Audio read_audio(const std::filesystem::path& file) {
    AudioStream stream(file);
    Audio audio{
        .samples = decode(stream), .sample_rate = stream.sample_rate(), .channels = stream.channels()};
    require_sound(audio.samples);
    return audio;
}

}  // namespace kickdrum
