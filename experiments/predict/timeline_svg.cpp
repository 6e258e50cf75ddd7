// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "experiments/predict/prediction_text.h"
#include "experiments/report/html_text.h"

namespace kickdrum {
namespace {

constexpr double kLeft = 130;
constexpr double kWidth = 1000;
constexpr double kBand = 34;  // the segments
constexpr double kRow = 44;   // a class
constexpr double kTop = 40;   // the title
// Okabe and Ito's colours, which those who see few colours can tell apart.
constexpr std::array<const char*, 8> kColours = {"#e69f00", "#56b4e9", "#009e73", "#f0e442",
                                                 "#0072b2", "#d55e00", "#cc79a7", "#000000"};

std::string colour(int label) {
    return label == kSilence ? "#c8cdd2" : kColours[static_cast<std::size_t>(label) % kColours.size()];
}

// Seconds between two marks: about ten of them.
double mark_step(double seconds) {
    constexpr std::array kSteps{1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0};
    for (const double step : kSteps) {
        if (seconds / step <= 12) return step;
    }
    return 3600 * std::max(1.0, static_cast<double>(static_cast<int>(seconds / 3600 / 12)));
}

class Timeline {
 public:
    Timeline(const std::vector<std::string>& classes, const TrackResult& track)
        : classes_(classes), track_(track), seconds_(std::max(track.seconds, 1e-3)) {}

    std::string svg() {
        const double bottom = kTop + kBand + 10 + kRow * static_cast<double>(classes_.size());
        text_ = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" "
            "font-size=\"13\" role=\"img\">\n<title>{}</title>\n"
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
            "<text x=\"10\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{}</text>\n",
            kLeft + kWidth + 20, bottom + 30, html::escaped(track_.name), html::escaped(track_.name));
        segments();
        for (std::size_t c = 0; c < classes_.size(); ++c) probability(c);
        marks(bottom);
        return text_ + "</svg>\n";
    }

 private:
    double x(double seconds) const { return kLeft + kWidth * std::min(1.0, seconds / seconds_); }

    void segments() {
        for (const Segment& segment : track_.segments) {
            const std::string name = html::escaped(label_name(classes_, segment.label));
            const double width = x(segment.end) - x(segment.begin);
            text_ += fmt::format(
                "<rect x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" height=\"{}\" fill=\"{}\" stroke=\"#ffffff\">"
                "<title>{} - {}: {}</title></rect>\n",
                x(segment.begin), kTop, width, kBand, colour(segment.label), clock(segment.begin),
                clock(segment.end), name);
        }
    }

    void probability(std::size_t c) {
        const double top = kTop + kBand + 10 + kRow * static_cast<double>(c);
        const double base = top + kRow - 8;
        const double height = kRow - 12;
        text_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", kLeft - 8, base - 10,
                             html::escaped(classes_[c]));
        text_ +=
            fmt::format("<path fill=\"{}\" d=\"M{:.2f} {:.2f}", colour(static_cast<int>(c)), kLeft, base);
        for (const Segment& step : track_.steps) {
            const double value = step.probabilities.empty() ? 0 : step.probabilities[c];
            text_ += fmt::format("L{:.2f} {:.2f}H{:.2f}", x(step.begin), base - height * value, x(step.end));
        }
        text_ += fmt::format("V{:.2f}Z\"/>\n", base);
        text_ += fmt::format("<path stroke=\"#9aa3ad\" d=\"M{} {:.2f}H{}\"/>\n", kLeft, base, kLeft + kWidth);
    }

    void marks(double bottom) {
        for (double at = 0; at <= seconds_; at += mark_step(seconds_)) {
            text_ += fmt::format(
                "<path stroke=\"#9aa3ad\" d=\"M{:.2f} {:.2f}v6\"/>"
                "<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"middle\">{}</text>\n",
                x(at), bottom, x(at), bottom + 20, clock(at));
        }
    }

    const std::vector<std::string>& classes_;
    const TrackResult& track_;
    double seconds_;
    std::string text_;
};

}  // namespace

std::string timeline_svg(const std::vector<std::string>& classes, const TrackResult& track) {
    return Timeline(classes, track).svg();
}

}  // namespace kickdrum
