// SPDX-License-Identifier: MIT
#include "nn/formats/number_types.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace kickdrum {
namespace {

float from_f16(std::uint16_t bits) {
    const int exponent = bits >> 10U & 0x1FU;
    const auto fraction = static_cast<float>(bits & 0x3FFU);
    float value = 0;
    if (exponent == 0x1F) {
        value =
            fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    } else {
        value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25);
    }
    return (bits & 0x8000U) != 0 ? -value : value;
}

template <class T, class Convert>
std::vector<float> converted(std::string_view bytes, const Convert& convert) {
    std::vector<float> values(bytes.size() / sizeof(T));
    for (std::size_t i = 0; i < values.size(); ++i) {
        T raw{};
        std::memcpy(&raw, bytes.data() + i * sizeof(T), sizeof(T));
        values[i] = convert(raw);
    }
    return values;
}

}  // namespace

std::vector<float> to_floats(NumberType type, std::string_view bytes) {
    switch (type) {
        case NumberType::f16: return converted<std::uint16_t>(bytes, from_f16);
        case NumberType::bf16:
            return converted<std::uint16_t>(bytes, [](std::uint16_t bits) {
                return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
            });
        case NumberType::f64:
            return converted<double>(bytes, [](double value) { return static_cast<float>(value); });
        case NumberType::f32: break;
    }
    return converted<float>(bytes, [](float value) { return value; });
}

}  // namespace kickdrum
