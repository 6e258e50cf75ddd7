// SPDX-License-Identifier: MIT
#include "experiments/report/html_text.h"

#include <fmt/format.h>

#include <cmath>

namespace kickdrum::html {

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            // Control characters but tab and line breaks aren't allowed in HTML.
            default: out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
        }
    }
    return out;
}

std::string decimals(double value, int digits) {
    if (!std::isfinite(value)) return "–";
    std::string text = fmt::format("{:.{}f}", value, digits);
    // A minus sign is as wide as a digit's plus, a hyphen isn't.
    if (text.front() == '-') text.replace(0, 1, "−");
    return text;
}

std::string score(double value) {
    return decimals(value, 3);
}

std::string signed_score(double value) {
    return fmt::format("{}{}", value > 0 ? "+" : "", score(value));
}

std::string percent(double share) {
    return decimals(share * 100, 0);
}

std::string counted(std::int64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string class_color(int index) {
    return fmt::format("var(--class-{})", index % 8 + 1);
}

std::string class_name(std::string_view name, int index) {
    return fmt::format("<span class=\"class\"><i style=\"background:{}\"></i>{}</span>", class_color(index),
                       escaped(name));
}

std::string folded(std::string_view summary, std::string_view content) {
    return fmt::format("<details><summary>{}</summary>\n<div class=\"folded\">\n{}</div></details>\n",
                       summary, content);
}

std::string table(std::string_view caption, std::string_view rows, std::string_view css_class) {
    // The words stand outside of the box, so that they don't scroll away with wide tables.
    return fmt::format(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table{}>\n{}</table></div>\n"
        "<p class=\"caption\">{}</p>\n",
        escaped(caption), css_class.empty() ? std::string() : fmt::format(" class=\"{}\"", css_class), rows,
        escaped(caption));
}

}  // namespace kickdrum::html
