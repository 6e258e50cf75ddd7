// SPDX-License-Identifier: MIT
// What a clip is like from frame to frame: one pass over its short-time spectra, of which every feature takes
// what it needs. Frames and windows are librosa's defaults: n_fft 2048, hop 512, periodic Hann, centred,
// zeros beyond the ends.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "dsp/features/frame_matrix.h"
#include "kernels/device/device.h"

namespace kickdrum {

constexpr int kFeatureSampleRate = 22050;
constexpr int kFeatureFft = 2048;
constexpr int kFeatureHop = 512;
constexpr int kFeatureMels = 128;
constexpr double kFramesPerSecond = static_cast<double>(kFeatureSampleRate) / kFeatureHop;

// The names are librosa's; in its units. Matrices of what wasn't asked for are empty.
struct ClipFrames {
    FrameMatrix chroma_stft;  // 12
    FrameMatrix rms;
    FrameMatrix spectral_centroid;   // Hz
    FrameMatrix spectral_bandwidth;  // Hz
    FrameMatrix spectral_rolloff;    // Hz
    FrameMatrix zero_crossing_rate;
    FrameMatrix mel_db;  // power_to_db(melspectrogram(), ref=1, top_db=80)
    FrameMatrix mfcc;
    FrameMatrix mfcc_delta;
    FrameMatrix mfcc_delta2;
    FrameMatrix spectral_contrast;  // 7, dB
    FrameMatrix spectral_flatness;
    FrameMatrix onset_strength;
    double tempo = 0;  // beats per minute, of the whole clip
    int tuning = 0;    // see dsp/features/chroma.h
};

struct FramePassSettings {
    int n_mfcc = 20;
    bool all = true;  // false: nothing that is named after mfcc above
    double start_bpm = 150;
};

// Immutable once built: many threads may share one, each with a Scratch of its own.
class FramePass {
 public:
    FramePass(const FramePassSettings& settings, SimdLevel simd);
    ~FramePass();
    FramePass(FramePass&&) noexcept;
    FramePass& operator=(FramePass&&) noexcept;

    // Working memory of one thread, kept from clip to clip.
    class Scratch {
     public:
        Scratch();
        ~Scratch();
        Scratch(Scratch&&) noexcept;
        Scratch& operator=(Scratch&&) noexcept;

     private:
        friend class FramePass;
        struct Memory;
        std::unique_ptr<Memory> memory_;
    };

    // samples: mono at kFeatureSampleRate, finite, at least one. Throws InvalidArgument.
    ClipFrames compute(std::span<const float> samples, Scratch& scratch) const;

 private:
    struct Tables;
    class Run;
    std::unique_ptr<const Tables> tables_;
};

}  // namespace kickdrum
