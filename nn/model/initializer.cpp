// SPDX-License-Identifier: MIT
#include "nn/model/initializer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr std::array kInitializers = {
    Initializer::zeros,      Initializer::ones,      Initializer::glorot_uniform, Initializer::glorot_normal,
    Initializer::he_uniform, Initializer::he_normal, Initializer::lecun_uniform,  Initializer::lecun_normal};

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
        case Initializer::zeros:
        case Initializer::ones: break;
    }
    return 0;
}

// Element e is word e % 4 of position e / 4.
void fill_uniform(RandomStream stream, double limit, std::span<float> dst) {
    for (std::size_t first = 0; first < dst.size(); first += 4) {
        const Philox4 bits = philox(stream, first / 4);
        const std::size_t end = std::min(dst.size() - first, std::size_t{4});
        for (std::size_t word = 0; word < end; ++word) {
            const double unit = 2 * static_cast<double>(uniform01(bits[word])) - 1;
            dst[first + word] = static_cast<float>(unit * limit);
        }
    }
}

// (0, 1]: its logarithm is finite.
double above_zero(std::uint32_t bits) {
    return (static_cast<double>(bits) + 1) * 0x1p-32;
}

// A standard normal cut off at +-2. Position e's words make two candidates (Box and Muller); where both lie
// outside, the position's next step is tried, so that no other element shifts.
double truncated_normal(RandomStream stream, std::uint64_t position) {
    for (std::uint64_t attempt = 0;; ++attempt) {
        const Philox4 bits = philox(stream, position, attempt);
        const double radius = std::sqrt(-2 * std::log(above_zero(bits[0])));
        const double angle = 2 * std::numbers::pi * above_zero(bits[1]);
        for (const double candidate : {radius * std::cos(angle), radius * std::sin(angle)}) {
            if (std::abs(candidate) <= 2) return candidate;
        }
    }
}

void fill_truncated_normal(RandomStream stream, double deviation, std::span<float> dst) {
    for (std::size_t i = 0; i < dst.size(); ++i) {
        dst[i] = static_cast<float>(deviation * truncated_normal(stream, i));
    }
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
    }
    return "?";
}

std::span<const Initializer> all_initializers() {
    return kInitializers;
}

void initialize(Initializer initializer, const Shape& shape, RandomStream stream, std::span<float> dst) {
    require(static_cast<std::int64_t>(dst.size()) == shape.count(),
            "initialize: {} values for a weight of shape {}", dst.size(), to_string(shape));
    switch (initializer) {
        case Initializer::zeros: std::fill(dst.begin(), dst.end(), 0.0F); return;
        case Initializer::ones: std::fill(dst.begin(), dst.end(), 1.0F); return;
        case Initializer::glorot_uniform:
        case Initializer::he_uniform:
        case Initializer::lecun_uniform:
            fill_uniform(stream, std::sqrt(3 * variance_of(initializer, fans_of(shape))), dst);
            return;
        case Initializer::glorot_normal:
        case Initializer::he_normal:
        case Initializer::lecun_normal:
            fill_truncated_normal(
                stream, std::sqrt(variance_of(initializer, fans_of(shape))) / kTruncatedDeviation, dst);
            return;
    }
}

}  // namespace kickdrum
