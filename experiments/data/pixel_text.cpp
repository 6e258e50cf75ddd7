// SPDX-License-Identifier: MIT
#include "experiments/data/pixel_text.h"

#include <cstddef>

namespace kickdrum {
namespace {

constexpr int kColumns = 5;
constexpr int kRows = 7;
constexpr int kScale = Canvas::kTextHeight / kRows;

struct Glyph {
    char letter;
    std::array<std::string_view, kRows> rows;
};

constexpr std::array<Glyph, 18> kGlyphs{{
    {'0', {" ### ", "#   #", "#   #", "#   #", "#   #", "#   #", " ### "}},
    {'1', {"  #  ", " ##  ", "  #  ", "  #  ", "  #  ", "  #  ", " ### "}},
    {'2', {" ### ", "#   #", "    #", "  ## ", " #   ", "#    ", "#####"}},
    {'3', {" ### ", "#   #", "    #", "  ## ", "    #", "#   #", " ### "}},
    {'4', {"   # ", "  ## ", " # # ", "#  # ", "#####", "   # ", "   # "}},
    {'5', {"#####", "#    ", "#### ", "    #", "    #", "#   #", " ### "}},
    {'6', {"  ## ", " #   ", "#    ", "#### ", "#   #", "#   #", " ### "}},
    {'7', {"#####", "    #", "   # ", "   # ", "  #  ", "  #  ", "  #  "}},
    {'8', {" ### ", "#   #", "#   #", " ### ", "#   #", "#   #", " ### "}},
    {'9', {" ### ", "#   #", "#   #", " ####", "    #", "   # ", " ##  "}},
    {'-', {"     ", "     ", "     ", " ### ", "     ", "     ", "     "}},
    {'.', {"     ", "     ", "     ", "     ", "     ", "     ", "  #  "}},
    {'H', {"#   #", "#   #", "#   #", "#####", "#   #", "#   #", "#   #"}},
    {'z', {"     ", "     ", "#####", "   # ", "  #  ", " #   ", "#####"}},
    {'s', {"     ", "     ", " ####", "#    ", " ### ", "    #", "#### "}},
    {'d', {"    #", "    #", " ####", "#   #", "#   #", "#   #", " ####"}},
    {'B', {"#### ", "#   #", "#   #", "#### ", "#   #", "#   #", "#### "}},
    {'k', {"#    ", "#    ", "#  # ", "# #  ", "##   ", "# #  ", "#  # "}},
}};

const Glyph* glyph_of(char letter) {
    for (const Glyph& glyph : kGlyphs) {
        if (glyph.letter == letter) return &glyph;
    }
    return nullptr;
}

}  // namespace

Canvas::Canvas(int width, int height, Colour background)
    : width_(width),
      height_(height),
      pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3) {
    rectangle(0, 0, width, height, background);
}

void Canvas::pixel(int x, int y, Colour colour) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
    const std::size_t at =
        (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3;
    for (std::size_t c = 0; c < 3; ++c) pixels_[at + c] = colour[c];
}

void Canvas::rectangle(int x, int y, int width, int height, Colour colour) {
    for (int row = y; row < y + height; ++row) {
        for (int column = x; column < x + width; ++column) pixel(column, row, colour);
    }
}

void Canvas::text(int x, int y, std::string_view text, Align align, Colour colour) {
    const int step = (kColumns + 1) * kScale;
    const int width = static_cast<int>(text.size()) * step - kScale;
    if (align == Align::centre) x -= width / 2;
    if (align == Align::right) x -= width;
    y -= kTextHeight / 2;
    for (const char letter : text) {
        if (const Glyph* glyph = glyph_of(letter)) {
            for (int row = 0; row < kRows; ++row) {
                for (int column = 0; column < kColumns; ++column) {
                    if (glyph->rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] == '#')
                        rectangle(x + column * kScale, y + row * kScale, kScale, kScale, colour);
                }
            }
        }
        x += step;
    }
}

}  // namespace kickdrum
