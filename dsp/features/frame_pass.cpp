// SPDX-License-Identifier: MIT
#include "dsp/features/frame_pass.h"

#include <algorithm>
#include <limits>

#include "dsp/aligned_floats.h"
#include "dsp/features/chroma.h"
#include "dsp/features/contrast.h"
#include "dsp/features/level.h"
#include "dsp/features/mfcc.h"
#include "dsp/features/rhythm.h"
#include "dsp/flat_bands.h"
#include "dsp/log_mel.h"
#include "dsp/log_mel_kernels.h"
#include "dsp/real_fft_tables.h"
#include "dsp/spectral_kernels.h"
#include "dsp/window.h"
#include "kernels/device/error.h"

namespace kickdrum {

namespace {

constexpr int kBins = kFeatureFft / 2 + 1;
constexpr double kHzPerBin = static_cast<double>(kFeatureSampleRate) / kFeatureFft;
constexpr float kRolloffShare = 0.85F;
constexpr float kTopDb = 80;
constexpr int kOnsetDelay = kFeatureFft / (2 * kFeatureHop);

FlatBands mel_bands() {
    return FlatBands(mel_filterbank({.sample_rate = kFeatureSampleRate,
                                     .n_fft = kFeatureFft,
                                     .n_mels = kFeatureMels,
                                     .fmin = 0,
                                     .fmax = kFeatureSampleRate / 2.0}));
}

}  // namespace

struct FramePass::Tables {
    Tables(const FramePassSettings& user_settings, SimdLevel simd)
        : settings(user_settings),
          transforms(log_mel_kernels(simd)),
          kernels(spectral_kernels(simd)),
          fft(kFeatureFft, hann_window(kFeatureFft)),
          bands(mel_bands()),
          chroma(kFeatureSampleRate, kFeatureFft),
          contrast(kFeatureSampleRate, kFeatureFft),
          pitches(pitch_range(kBins, kHzPerBin)),
          cosines(cosine_transform(settings.n_mfcc, kFeatureMels)) {}

    FramePassSettings settings;
    const LogMelKernels& transforms;
    const SpectralKernels& kernels;
    RealFftTables fft;
    FlatBands bands;
    ChromaBank chroma;
    ContrastBands contrast;
    BinRange pitches;
    BlockedWeights cosines;
};

struct FramePass::Scratch::Memory {
    AlignedFloats samples;
    AlignedFloats work;
    AlignedFloats power;  // of all frames: [blocks][kBins] rows
    AlignedFloats magnitude;
    AlignedFloats rows;
    std::vector<SpectralPeak> peaks;
};

FramePass::Scratch::Scratch() : memory_(std::make_unique<Memory>()) {}
FramePass::Scratch::~Scratch() = default;
FramePass::Scratch::Scratch(Scratch&&) noexcept = default;
FramePass::Scratch& FramePass::Scratch::operator=(Scratch&&) noexcept = default;

FramePass::FramePass(const FramePassSettings& settings, SimdLevel simd)
    : tables_(std::make_unique<const Tables>(settings, simd)) {}
FramePass::~FramePass() = default;
FramePass::FramePass(FramePass&&) noexcept = default;
FramePass& FramePass::operator=(FramePass&&) noexcept = default;

namespace {

// `rows` rows of a vector's width into a matrix, as far as there are frames.
void put_rows(const float* src, int lanes, std::int64_t frame, FrameMatrix& dst) {
    const std::int64_t count = std::min<std::int64_t>(lanes, dst.frames - frame);
    for (int r = 0; r < dst.rows; ++r) {
        std::copy_n(src + std::ptrdiff_t{r} * lanes, count, dst.row(r).data() + frame);
    }
}

// The reference is 1, and not the loudest point with its own decibels added back: their rounding would be the
// same in all bands, and mfcc 0 is their sum.
void to_decibels(FrameMatrix& mel, const LogMelKernels& kernels) {
    const auto count = static_cast<std::int64_t>(mel.values.size());
    kernels.decibels(mel.values.data(), count, kSmallestPower, 1, std::numeric_limits<float>::max());
    const float quietest = kernels.maximum(mel.values.data(), count) - kTopDb;
    for (float& db : mel.values) db = std::max(db, quietest);
}

}  // namespace

// One call of compute.
class FramePass::Run {
 public:
    Run(const Tables& tables, std::span<const float> samples, Scratch::Memory& memory)
        : tables_(tables),
          samples_(samples),
          memory_(memory),
          lanes_(tables.transforms.lanes),
          frames_(1 + static_cast<std::int64_t>(samples.size()) / kFeatureHop) {}

    ClipFrames run() {
        make_room();
        for (std::int64_t frame = 0; frame < frames_; frame += lanes_) block(frame);
        const auto found = static_cast<std::size_t>(peaks_);
        result_.tuning = estimate_tuning({memory_.peaks.data(), found}, kHzPerBin);
        chroma();
        frame_levels(samples_, kFeatureFft, kFeatureHop, tables_.kernels, result_.rms.values,
                     result_.zero_crossing_rate.values);
        to_decibels(result_.mel_db, tables_.transforms);
        result_.mfcc = mfcc_of(result_.mel_db, tables_.cosines.view(), tables_.kernels);
        if (tables_.settings.all) add_rest();
        return std::move(result_);
    }

 private:
    void make_room() {
        const RealFft& fft = tables_.fft.fft();
        memory_.work.at_least(fft.work_rows * lanes_);
        memory_.power.at_least((frames_ + lanes_ - 1) / lanes_ * kBins * lanes_);
        memory_.magnitude.at_least(std::int64_t{kBins} * lanes_);
        memory_.rows.at_least(std::int64_t{2} * std::max(kPitchClasses, tables_.contrast.count()) * lanes_);
        const auto pitches = static_cast<std::size_t>(tables_.pitches.end - tables_.pitches.first + 1);
        memory_.peaks.resize(static_cast<std::size_t>(frames_ + lanes_) * pitches / 2);
        result_.chroma_stft = FrameMatrix(kPitchClasses, frames_);
        for (FrameMatrix* row : {&result_.rms, &result_.spectral_centroid, &result_.spectral_bandwidth,
                                 &result_.spectral_rolloff, &result_.zero_crossing_rate}) {
            *row = FrameMatrix(1, frames_);
        }
        result_.mel_db = FrameMatrix(kFeatureMels, frames_);
        if (!tables_.settings.all) return;
        result_.spectral_flatness = FrameMatrix(1, frames_);
        extremes_ = FrameMatrix(2 * tables_.contrast.count(), frames_);
    }

    float* power_at(std::int64_t frame) const { return memory_.power.data() + frame * kBins; }

    // As many frames as a vector has lanes.
    void block(std::int64_t frame) {
        const SpectralKernels& kernels = tables_.kernels;
        const RealFft& fft = tables_.fft.fft();
        const float* const piece =
            padded_piece(samples_, frame * kFeatureHop - fft.half,
                         std::int64_t{lanes_ - 1} * kFeatureHop + kFeatureFft, memory_.samples);
        float* const power = power_at(frame);
        tables_.transforms.power(fft, piece, kFeatureHop, memory_.work.data(), power);
        const auto valid = static_cast<int>(std::min<std::int64_t>(lanes_, frames_ - frame));
        tables_.transforms.mel(tables_.bands.view(), power, valid, result_.mel_db.values.data() + frame,
                               frames_);

        float* const rows = memory_.rows.data();
        float* const magnitude = memory_.magnitude.data();
        kernels.shape(power, kBins, static_cast<float>(kHzPerBin), kRolloffShare, magnitude, rows);
        put_rows(rows, lanes_, frame, result_.spectral_centroid);
        put_rows(rows + lanes_, lanes_, frame, result_.spectral_bandwidth);
        put_rows(rows + 2 * lanes_, lanes_, frame, result_.spectral_rolloff);
        peaks_ += kernels.peaks(power, kBins, tables_.pitches, kPeakThreshold, valid,
                                memory_.peaks.data() + peaks_);
        if (!tables_.settings.all) return;
        kernels.flatness(power, kBins, kSmallestPower, rows);
        put_rows(rows, lanes_, frame, result_.spectral_flatness);
        tables_.contrast.extremes(magnitude, kernels, rows);
        put_rows(rows, lanes_, frame, extremes_);
    }

    void chroma() {
        const BlockedMatrix filters = tables_.chroma.filters(result_.tuning);
        float* const rows = memory_.rows.data();
        for (std::int64_t frame = 0; frame < frames_; frame += lanes_) {
            tables_.kernels.combine(filters, power_at(frame), lanes_, lanes_, rows, lanes_);
            put_rows(rows, lanes_, frame, result_.chroma_stft);
        }
        normalize_chroma(result_.chroma_stft.values);
    }

    void add_rest() {
        result_.mfcc_delta = delta_of(result_.mfcc, 1);
        result_.mfcc_delta2 = delta_of(result_.mfcc, 2);
        result_.spectral_contrast = contrast_of(extremes_);
        result_.onset_strength = FrameMatrix(1, frames_);
        result_.onset_strength.values = onset_strength(result_.mel_db, kOnsetDelay);
        result_.tempo =
            estimate_tempo(result_.onset_strength.values, kFramesPerSecond, tables_.settings.start_bpm);
    }

    const Tables& tables_;
    std::span<const float> samples_;
    Scratch::Memory& memory_;
    int lanes_;
    std::int64_t frames_;
    ClipFrames result_;
    FrameMatrix extremes_;
    std::int64_t peaks_ = 0;
};

ClipFrames FramePass::compute(std::span<const float> samples, Scratch& scratch) const {
    require(!samples.empty(), "features: a clip without samples has none");
    return Run(*tables_, samples, *scratch.memory_).run();
}

}  // namespace kickdrum
