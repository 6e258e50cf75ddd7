// SPDX-License-Identifier: MIT
#include "experiments/report/html_page.h"

#include <fmt/format.h>

#include "experiments/report/html_style.h"
#include "experiments/report/html_text.h"
#include "experiments/runs/environment.h"

namespace kickdrum::html {
namespace {

constexpr int kReloadSeconds = 10;

std::string navigation(const std::vector<Section>& sections) {
    std::string items;
    for (const auto& section : sections) {
        if (!section.markup.empty())
            items += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", section.id, section.name);
    }
    return "<nav aria-label=\"Parts of this report\"><ul>\n" + items + "</ul></nav>\n";
}

}  // namespace

std::string whole_page(const PageFrame& frame, const std::string& headline,
                       const std::vector<Section>& sections) {
    std::string text = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    if (frame.reload) text += fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">\n", kReloadSeconds);
    text += fmt::format("<title>{} – Kickdrum</title>\n<style>{}</style>\n</head>\n<body>\n",
                        escaped(frame.title), style_sheet());
    text += "<a class=\"skip\" href=\"#report\">Skip to the report</a>\n<header>\n";
    text += fmt::format("<p class=\"eyebrow\">{}</p>\n<h1>{}</h1>\n", frame.eyebrow, escaped(frame.title));
    text += navigation(sections) + "</header>\n<main id=\"report\">\n" + headline;
    for (const auto& section : sections) {
        if (section.markup.empty()) continue;
        text += fmt::format(
            "<section id=\"{}\" aria-labelledby=\"{}-title\">\n<h2 id=\"{}-title\">{}</h2>\n{}</section>\n",
            section.id, section.id, section.id, section.name, section.markup);
    }
    text += fmt::format(
        "</main>\n<footer><p>Made by Kickdrum {}. Scores, matrices and intervals are computed "
        "from the predictions files beside it.</p></footer>\n",
        escaped(frame.made_by.empty() ? kickdrum_version() : frame.made_by));
    // Paper shows what is folded on the screen.
    text +=
        "<script>addEventListener('beforeprint',()=>document.querySelectorAll('details')"
        ".forEach(d=>d.open=true))</script>\n";
    return text + "</body>\n</html>\n";
}

}  // namespace kickdrum::html
