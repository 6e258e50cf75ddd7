// SPDX-License-Identifier: MIT
#include "nn/model/initializer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr std::array kInitializers = {
    Initializer::zeros,         Initializer::ones,         Initializer::glorot_uniform,
    Initializer::glorot_normal, Initializer::he_uniform,   Initializer::he_normal,
    Initializer::lecun_uniform, Initializer::lecun_normal, Initializer::fan_in_uniform};

// Standard deviation of a standard normal cut off at +-2.
constexpr double kTruncatedDeviation = 0.87962566103423978;

struct Fans {
    double in = 1;
    double out = 1;
};

Fans fans_of(const Shape& shape) {
    require(shape.rank() >= 1, "initialize: a weight must have at least one axis");
    if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
    double cells = 1;
    for (int axis = 0; axis + 2 < shape.rank(); ++axis) cells *= static_cast<double>(shape[axis]);
    return {cells * static_cast<double>(shape[shape.rank() - 2]),
            cells * static_cast<double>(shape[shape.rank() - 1])};
}

double variance_of(Initializer initializer, const Fans& fans) {
    switch (initializer) {
        case Initializer::glorot_uniform:
        case Initializer::glorot_normal: return 2 / (fans.in + fans.out);
        case Initializer::he_uniform:
        case Initializer::he_normal: return 2 / fans.in;
        case Initializer::lecun_uniform:
        case Initializer::lecun_normal: return 1 / fans.in;
        case Initializer::fan_in_uniform: return 1 / (3 * fans.in);
        case Initializer::zeros:
        case Initializer::ones: break;
    }
    return 0;
}

// Calls value(bits) for every element: element e gets word e % 4 of position e / 4.
template <class Value>
void fill_random(RandomStream stream, std::span<float> dst, const Value& value) {
    for (std::size_t first = 0; first < dst.size(); first += 4) {
        const Philox4 bits = philox(stream, first / 4);
        const std::size_t end = std::min(dst.size() - first, std::size_t{4});
        for (std::size_t word = 0; word < end; ++word) {
            dst[first + word] = static_cast<float>(value(bits[word]));
        }
    }
}

// Uniform in (-1, 1), never either end.
double centered(std::uint32_t bits) {
    return (static_cast<double>(bits) + 0.5) * 0x1p-31 - 1;
}

double polynomial(const std::array<double, 6>& coefficients, double x) {
    double value = 0;
    for (const double coefficient : coefficients) value = value * x + coefficient;
    return value;
}

// A standard normal cut off at +-2, from a uniform number in (-1, 1), by inverting its distribution. The
// quotient is the central part of P. J. Acklam's approximation of the inverse normal distribution; within +-2
// its error is below 4e-8.
double truncated_normal(double uniform) {
    constexpr double kHalfMass = 0.47724986805182079;  // of a standard normal in [0, 2]
    constexpr std::array kNumerator = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                       1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
    constexpr std::array kDenominator = {-5.447609879822406e+01, 1.615858368580409e+02,
                                         -1.556989798598866e+02, 6.680131188771972e+01,
                                         -1.328068155288572e+01, 1.0};
    const double q = uniform * kHalfMass;
    return q * polynomial(kNumerator, q * q) / polynomial(kDenominator, q * q);
}

}  // namespace

std::string_view to_string(Initializer initializer) {
    switch (initializer) {
        case Initializer::zeros: return "zeros";
        case Initializer::ones: return "ones";
        case Initializer::glorot_uniform: return "glorot_uniform";
        case Initializer::glorot_normal: return "glorot_normal";
        case Initializer::he_uniform: return "he_uniform";
        case Initializer::he_normal: return "he_normal";
        case Initializer::lecun_uniform: return "lecun_uniform";
        case Initializer::lecun_normal: return "lecun_normal";
        case Initializer::fan_in_uniform: return "fan_in_uniform";
    }
    return "?";
}

std::span<const Initializer> all_initializers() {
    return kInitializers;
}

std::int64_t fan_in_of(const Shape& kernel) {
    return static_cast<std::int64_t>(fans_of(kernel).in);
}

void initialize(Initializer initializer, const Shape& shape, RandomStream stream, std::span<float> dst,
                std::int64_t fan_in) {
    require(static_cast<std::int64_t>(dst.size()) == shape.count(),
            "initialize: {} values for a weight of shape {}", dst.size(), to_string(shape));
    Fans fans = fans_of(shape);
    if (fan_in > 0) fans.in = static_cast<double>(fan_in);
    const double variance = variance_of(initializer, fans);
    switch (initializer) {
        case Initializer::zeros: std::fill(dst.begin(), dst.end(), 0.0F); return;
        case Initializer::ones: std::fill(dst.begin(), dst.end(), 1.0F); return;
        case Initializer::glorot_uniform:
        case Initializer::he_uniform:
        case Initializer::lecun_uniform:
        case Initializer::fan_in_uniform:
            fill_random(stream, dst, [limit = std::sqrt(3 * variance)](std::uint32_t bits) {
                return limit * centered(bits);
            });
            return;
        case Initializer::glorot_normal:
        case Initializer::he_normal:
        case Initializer::lecun_normal:
            fill_random(stream, dst,
                        [deviation = std::sqrt(variance) / kTruncatedDeviation](std::uint32_t bits) {
                            return deviation * truncated_normal(centered(bits));
                        });
            return;
    }
}

}  // namespace kickdrum
