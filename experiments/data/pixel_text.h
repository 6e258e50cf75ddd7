// SPDX-License-Identifier: MIT
// Pictures of pixels to draw into, with the few letters that axes need.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kickdrum {

using Colour = std::array<std::uint8_t, 3>;

class Canvas {
 public:
    Canvas(int width, int height, Colour background);

    int width() const { return width_; }
    int height() const { return height_; }
    const std::vector<std::uint8_t>& pixels() const { return pixels_; }  // [height, width, 3]

    // What lies outside isn't drawn.
    void pixel(int x, int y, Colour colour);
    void rectangle(int x, int y, int width, int height, Colour colour);  // filled

    enum class Align : std::uint8_t { left, centre, right };
    // Digits, '-', '.' and the letters of "Hz", "s", "dB"; others are left blank. y is the text's middle.
    void text(int x, int y, std::string_view text, Align align, Colour colour);

    static constexpr int kTextHeight = 14;

 private:
    int width_;
    int height_;
    std::vector<std::uint8_t> pixels_;
};

}  // namespace kickdrum
