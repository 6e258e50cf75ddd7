// SPDX-License-Identifier: MIT
// Small recursive filters. Frequencies in Hz; a filter keeps its state between calls.
#pragma once

#include <cmath>
#include <numbers>

namespace kickdrum::demo {

// One pole, -6 dB per octave above `hz`.
class LowPass {
 public:
    LowPass(double hz, double sample_rate) : step_(1 - std::exp(-2 * std::numbers::pi * hz / sample_rate)) {}
    double operator()(double x) { return state_ += step_ * (x - state_); }

 private:
    double step_;
    double state_ = 0;
};

// Second-order sections after Robert Bristow-Johnson's "Audio EQ Cookbook".
class Biquad {
 public:
    static Biquad bell(double hz, double decibels, double q, double sample_rate) {
        const double a = std::pow(10.0, decibels / 40);
        const double w = 2 * std::numbers::pi * hz / sample_rate;
        const double alpha = std::sin(w) / (2 * q);
        return {1 + alpha * a, -2 * std::cos(w), 1 - alpha * a,
                1 + alpha / a, -2 * std::cos(w), 1 - alpha / a};
    }
    static Biquad band_pass(double hz, double q, double sample_rate) {
        const double w = 2 * std::numbers::pi * hz / sample_rate;
        const double alpha = std::sin(w) / (2 * q);
        return {alpha, 0, -alpha, 1 + alpha, -2 * std::cos(w), 1 - alpha};
    }

    double operator()(double x) {  // transposed direct form II
        const double y = b0_ * x + s1_;
        s1_ = b1_ * x - a1_ * y + s2_;
        s2_ = b2_ * x - a2_ * y;
        return y;
    }

 private:
    Biquad(double b0, double b1, double b2, double a0, double a1, double a2)
        : b0_(b0 / a0), b1_(b1 / a0), b2_(b2 / a0), a1_(a1 / a0), a2_(a2 / a0) {}

    double b0_, b1_, b2_, a1_, a2_;
    double s1_ = 0;
    double s2_ = 0;
};

}  // namespace kickdrum::demo
