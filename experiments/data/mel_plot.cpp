// SPDX-License-Identifier: MIT
#include "experiments/data/mel_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dsp/mel_filterbank.h"

namespace kickdrum {
namespace {

constexpr int kPlotWidth = 800;
constexpr int kPlotHeight = 400;
constexpr int kLeft = 90;
constexpr int kTop = 30;
constexpr int kBarLeft = kLeft + kPlotWidth + 30;
constexpr int kBarWidth = 20;
constexpr int kWidth = kBarLeft + kBarWidth + 80;
constexpr int kHeight = kTop + kPlotHeight + 60;
constexpr int kTick = 6;
constexpr Colour kWhite{255, 255, 255};
constexpr Colour kInk{30, 30, 30};

using Align = Canvas::Align;

class MelPlot {
 public:
    MelPlot(std::span<const float> db, const LogMelSettings& settings)
        : db_(db),
          settings_(settings),
          bands_(static_cast<std::size_t>(settings.n_mels)),
          frames_(db.size() / bands_),
          canvas_(kWidth, kHeight, kWhite) {}

    Canvas draw() {
        cells();
        frequencies();
        times();
        decibels();
        return std::move(canvas_);
    }

 private:
    double share(float db) const { return 1 + static_cast<double>(db) / settings_.top_db; }

    void cells() {
        for (int y = 0; y < kPlotHeight; ++y) {
            const auto from_below = static_cast<std::size_t>(kPlotHeight - 1 - y);
            const std::size_t band = from_below * bands_ / kPlotHeight;
            for (int x = 0; x < kPlotWidth; ++x) {
                const std::size_t frame = static_cast<std::size_t>(x) * frames_ / kPlotWidth;
                canvas_.pixel(kLeft + x, kTop + y, heat_colour(share(db_[band * frames_ + frame])));
            }
        }
    }

    // The centres of the bands lie 1, 2, ... n_mels steps of mel above fmin; the plot reaches half a step
    // further.
    void frequencies() {
        const double low = hz_to_mel(settings_.fmin, MelScale::slaney);
        const double step = (hz_to_mel(settings_.fmax, MelScale::slaney) - low) / (settings_.n_mels + 1);
        int last = kTop + 2 * kPlotHeight;
        for (const int hz : {20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000}) {
            const double band = (hz_to_mel(hz, MelScale::slaney) - low) / step - 0.5;
            if (band < 0 || band > settings_.n_mels) continue;
            const int y = kTop + static_cast<int>(std::lround((1 - band / settings_.n_mels) * kPlotHeight));
            if (last - y < Canvas::kTextHeight + 4) continue;
            last = y;
            canvas_.rectangle(kLeft - kTick, y - 1, kTick, 2, kInk);
            canvas_.text(kLeft - kTick - 4, y, fmt::format("{}", hz), Align::right, kInk);
        }
        canvas_.text(kLeft - kTick - 4, kTop / 2, "Hz", Align::right, kInk);
    }

    void times() {
        const double hop = static_cast<double>(settings_.hop_length) / settings_.sample_rate;
        const double start = -hop / 2;
        const double seconds = static_cast<double>(frames_) * hop;
        double step = 0.001;
        for (int i = 0; seconds / step > 10; ++i) step *= i % 3 == 1 ? 2.5 : 2;  // 1, 2, 5, 10, ...
        const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
        for (int i = 0; i * step < start + seconds; ++i) {
            const int x = kLeft + static_cast<int>(std::lround((i * step - start) / seconds * kPlotWidth));
            canvas_.rectangle(x - 1, kTop + kPlotHeight, 2, kTick, kInk);
            canvas_.text(x, kTop + kPlotHeight + kTick + 12, fmt::format("{:.{}f}", i * step, decimals),
                         Align::centre, kInk);
        }
        canvas_.text(kLeft + kPlotWidth, kTop + kPlotHeight + kTick + 36, "s", Align::right, kInk);
    }

    void decibels() {
        for (int y = 0; y < kPlotHeight; ++y) {
            const double height = 1 - (y + 0.5) / kPlotHeight;
            canvas_.rectangle(kBarLeft, kTop + y, kBarWidth, 1, heat_colour(height));
        }
        const double step = settings_.top_db / 4;
        for (int i = 0; i <= 4; ++i) {
            const int y = kTop + i * kPlotHeight / 4;
            canvas_.rectangle(kBarLeft + kBarWidth, y - 1, kTick, 2, kInk);
            canvas_.text(kBarLeft + kBarWidth + kTick + 4, y, fmt::format("{:.3g}", i == 0 ? 0 : -i * step),
                         Align::left, kInk);
        }
        canvas_.text(kBarLeft + kBarWidth / 2, kTop / 2, "dB", Align::centre, kInk);
    }

    std::span<const float> db_;
    const LogMelSettings& settings_;
    std::size_t bands_;
    std::size_t frames_;
    Canvas canvas_;
};

}  // namespace

Colour heat_colour(double share) {
    // Black, indigo, magenta, orange, yellow, almost white: each brighter than the one before.
    constexpr std::array<Colour, 6> kStops{
        {{4, 2, 18}, {52, 18, 110}, {148, 38, 122}, {226, 88, 72}, {250, 178, 92}, {254, 252, 220}}};
    const double place = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
    const auto stop = std::min(static_cast<std::size_t>(place), kStops.size() - 2);
    const double rest = place - static_cast<double>(stop);
    Colour colour{};
    for (std::size_t c = 0; c < colour.size(); ++c) {
        colour[c] =
            static_cast<std::uint8_t>(std::lround((1 - rest) * kStops[stop][c] + rest * kStops[stop + 1][c]));
    }
    return colour;
}

Canvas mel_plot(std::span<const float> db, const LogMelSettings& settings) {
    return MelPlot(db, settings).draw();
}

}  // namespace kickdrum
