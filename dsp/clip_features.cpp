// SPDX-License-Identifier: MIT
#include "dsp/clip_features.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>

#include "dsp/audio_file.h"
#include "dsp/pcen.h"
#include "dsp/resample.h"
#include "kernels/device/error.h"

namespace kickdrum {

namespace {

void check_finite(std::span<const float> samples) {
    bool finite = true;
    for (const float x : samples) finite &= std::isfinite(x);  // no early end: vectors
    require(finite, "features: some samples are not finite numbers");
}

// [count, frames]: the first rows of the orthonormal DCT-II over the bands.
std::vector<float> cosine_rows(std::span<const float> db, int bands, int count) {
    const std::size_t frames = db.size() / static_cast<std::size_t>(bands);
    std::vector<float> rows(static_cast<std::size_t>(count) * frames);
    std::vector<double> sums(frames);
    for (int k = 0; k < count; ++k) {
        std::ranges::fill(sums, 0.0);
        const double norm = std::sqrt((k == 0 ? 1.0 : 2.0) / bands);
        for (int band = 0; band < bands; ++band) {
            const double weight = norm * std::cos(std::numbers::pi * k * (2 * band + 1) / (2.0 * bands));
            const float* const from = db.data() + static_cast<std::size_t>(band) * frames;
            for (std::size_t t = 0; t < frames; ++t) sums[t] += weight * static_cast<double>(from[t]);
        }
        for (std::size_t t = 0; t < frames; ++t)
            rows[static_cast<std::size_t>(k) * frames + t] = static_cast<float>(sums[t]);
    }
    return rows;
}

// The slope of a line through 9 values; the first and last 4 have that of the first and last 9.
std::vector<float> slopes(std::span<const float> row) {
    constexpr std::size_t kReach = 4;
    std::vector<float> slope(row.size());
    if (row.size() < 2 * kReach + 1) return slope;
    for (std::size_t t = kReach; t + kReach < row.size(); ++t) {
        double sum = 0;
        for (std::size_t n = 1; n <= kReach; ++n)
            sum +=
                static_cast<double>(n) * (static_cast<double>(row[t + n]) - static_cast<double>(row[t - n]));
        slope[t] = static_cast<float>(sum / 60);  // 2 (1 + 4 + 9 + 16)
    }
    std::fill_n(slope.begin(), kReach, slope[kReach]);
    std::fill_n(slope.end() - kReach, kReach, slope[row.size() - 1 - kReach]);
    return slope;
}

std::vector<float> channel_row(std::span<const float> row, ClipChannel channel) {
    if (channel == ClipChannel::delta) return slopes(row);
    std::vector<float> result(row.begin(), row.end());
    if (channel == ClipChannel::without_mean) {
        double sum = 0;
        for (const float x : row) sum += static_cast<double>(x);
        const auto mean = static_cast<float>(sum / static_cast<double>(row.size()));
        for (float& x : result) x -= mean;
    } else if (channel == ClipChannel::difference) {
        for (std::size_t t = 0; t < row.size(); ++t) result[t] = t == 0 ? 0 : row[t] - row[t - 1];
    }
    return result;
}

}  // namespace

namespace {

LogMelSettings log_mel_of(const ClipFeatureSettings& settings) {
    LogMelSettings log_mel = settings.log_mel;
    if (settings.kind == ClipKind::mfcc) log_mel.absolute = true;
    return log_mel;
}

}  // namespace

bool is_plain(const ClipFeatureSettings& settings) {
    return settings.kind == ClipKind::log_mel && settings.image == ClipImage::smooth && settings.resize &&
           settings.channels == std::vector{ClipChannel::value} && settings.log_mel.is_plain();
}

ClipFeaturePlan::ClipFeaturePlan(const ClipFeatureSettings& settings, SimdLevel simd)
    : settings_(settings),
      log_mel_(log_mel_of(settings), simd),
      picture_(settings.log_mel.n_mels, settings.log_mel.sample_rate, settings.height, settings.width) {
    require(!settings.channels.empty(), "features: a picture needs a channel");
    require(settings.kind != ClipKind::mfcc ||
                (settings.n_mfcc >= 1 && settings.n_mfcc <= settings.log_mel.n_mels),
            "features: {} coefficients of {} bands", settings.n_mfcc, settings.log_mel.n_mels);
    require(settings.resize || settings.height == rows(), "features: the picture has {} rows, not {}", rows(),
            settings.height);
    const bool is_picture =
        settings.kind == ClipKind::log_mel && settings.resize && !settings.log_mel.absolute;
    require(is_picture || settings.image == ClipImage::smooth,
            "features: specshow_gray is for log-mel pictures that are resized, relative to their maximum");
}

int ClipFeaturePlan::rows() const {
    return settings_.kind == ClipKind::mfcc ? settings_.n_mfcc : settings_.log_mel.n_mels;
}

void ClipFeaturePlan::compute(std::span<const float> samples, std::span<float> image) const {
    check_finite(samples);
    const auto pixels =
        static_cast<std::size_t>(settings_.height) * static_cast<std::size_t>(settings_.width);
    require(image.size() == pixels * settings_.channels.size(),
            "features: the picture is {} x {} x {}, got room for {} numbers", settings_.height,
            settings_.width, settings_.channels.size(), image.size());
    if (settings_.channels == std::vector{ClipChannel::value}) return picture_of(samples, image);
    std::vector<float> picture(pixels);
    picture_of(samples, picture);
    const auto width = static_cast<std::size_t>(settings_.width);
    for (std::size_t c = 0; c < settings_.channels.size(); ++c) {
        for (std::size_t first = 0; first < pixels; first += width) {
            const std::vector<float> row =
                channel_row(std::span(picture).subspan(first, width), settings_.channels[c]);
            for (std::size_t w = 0; w < width; ++w)
                image[(first + w) * settings_.channels.size() + c] = row[w];
        }
    }
}

void ClipFeaturePlan::picture_of(std::span<const float> samples, std::span<float> picture) const {
    const LogMelSettings& log_mel = settings_.log_mel;
    const auto frames = log_mel_.frames(static_cast<std::int64_t>(samples.size()));
    std::vector<float> mel(static_cast<std::size_t>(log_mel.n_mels * frames));
    LogMelPlan::Scratch scratch;
    if (settings_.kind == ClipKind::pcen) {
        log_mel_.mel_power(samples, scratch, mel);
        PcenSettings settings = settings_.pcen;
        settings.sample_rate = log_mel.sample_rate;
        settings.hop_length = log_mel.hop_length;
        pcen(mel, frames, settings);
        return place(mel, picture);
    }
    log_mel_.execute(samples, scratch, mel);
    const auto top_db = static_cast<float>(log_mel.top_db);
    if (settings_.kind == ClipKind::mfcc)
        return place(cosine_rows(mel, log_mel.n_mels, settings_.n_mfcc), picture);
    if (settings_.image == ClipImage::specshow_gray) {
        std::vector<std::uint8_t> bytes(picture.size());
        picture_.specshow_gray(mel, bytes);
        std::transform(bytes.begin(), bytes.end(), picture.begin(),
                       [](std::uint8_t byte) { return static_cast<float>(byte) / 255; });
        return;
    }
    if (settings_.resize && !log_mel.absolute) return picture_.smooth(mel, top_db, picture);
    for (float& db : mel) db = -db / top_db;
    place(mel, picture);
}

// rows_of_frames: [rows, frames], the lowest first, which goes to the bottom.
void ClipFeaturePlan::place(std::span<const float> rows_of_frames, std::span<float> picture) const {
    const auto count = static_cast<std::size_t>(rows());
    const std::size_t frames = rows_of_frames.size() / count;
    std::vector<float> flipped;
    for (std::size_t row = count; row-- > 0;) {
        const auto from = rows_of_frames.subspan(row * frames, frames);
        flipped.insert(flipped.end(), from.begin(), from.end());
    }
    if (settings_.resize) {
        return resize_by_taps(flipped, static_cast<int>(frames),
                              picture_columns(static_cast<int>(count), settings_.height),
                              picture_columns(static_cast<int>(frames), settings_.width), picture);
    }
    // Of silence there are no decibels: the clip's own quietest value, which for pictures is that of -top_db.
    const float silence = settings_.kind == ClipKind::log_mel ? std::ranges::max(rows_of_frames) : 0;
    const auto width = static_cast<std::size_t>(settings_.width);
    std::ranges::fill(picture, silence);
    for (std::size_t row = 0; row < count; ++row) {
        std::copy_n(flipped.begin() + static_cast<std::ptrdiff_t>(row * frames), std::min(frames, width),
                    picture.begin() + static_cast<std::ptrdiff_t>(row * width));
    }
}

void ClipFeaturePlan::compute(const std::filesystem::path& audio, std::span<float> image) const {
    compute(read_samples(audio, settings_.log_mel.sample_rate), image);
}

std::vector<float> read_samples(const std::filesystem::path& audio, int sample_rate) {
    Audio clip = read_audio(audio);
    if (clip.sample_rate == sample_rate) return std::move(clip.samples);
    return resample(clip.samples, clip.sample_rate, sample_rate);
}

}  // namespace kickdrum
