// SPDX-License-Identifier: MIT
// Where it fails.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/data/label_sets.h"
#include "experiments/report/clip_audio.h"
#include "experiments/report/clip_sketch.h"
#include "experiments/report/findings.h"
#include "experiments/report/html_sections.h"
#include "experiments/report/html_text.h"

namespace kickdrum::html {
namespace {

constexpr int kWrongClips = 20;
constexpr int kHardGroups = 8;
constexpr int kConfusedPairs = 2;

// A class, or several; "none" where there is none.
std::string class_of(const Page& page, int index) {
    if (page.results.study.sets) {
        std::string names;
        for (const int c : classes_in(index, true)) {
            names += (names.empty() ? "" : "<br>") +
                     class_name(page.results.study.classes.at(static_cast<std::size_t>(c)), c);
        }
        return names.empty() ? "none" : names;
    }
    return class_name(page.results.study.classes.at(static_cast<std::size_t>(index)), index);
}

std::string confused_text(const Page& page) {
    if (page.results.study.sets) return {};
    const bool several = page.results.runs.size() > 1;
    std::string items;
    for (const auto& pair : most_confused(page.results, kConfusedPairs)) {
        items += fmt::format("<li>{} taken for {}: {} clips{}, {} % of its clips.</li>\n",
                             class_of(page, pair.label), class_of(page, pair.predicted),
                             decimals(pair.clips, several ? 1 : 0), several ? " per run" : "",
                             percent(pair.share));
    }
    return items.empty() ? std::string("<p>No clip of the test part was ever wrong.</p>\n")
                         : "<p>Most often confused:</p>\n<ul>\n" + items + "</ul>\n";
}

std::string player(const ClipAudio& audio, const std::string& clip) {
    if (!audio.available()) return {};
    const std::string link = audio.link(clip);
    if (link.empty()) return "<td></td>";
    return fmt::format("<td><audio controls preload=\"none\" src=\"{}\" aria-label=\"{}\"></audio></td>",
                       escaped(link), escaped("Listen to " + clip));
}

// Its mel spectrogram; an empty cell where the audio is gone.
std::string sketch(const ClipAudio& audio, const std::string& clip) {
    const auto file = audio.file(clip);
    const std::string picture = file.empty() ? "" : clip_sketch(file);
    if (picture.empty()) return "<td></td>";
    return fmt::format("<td><img src=\"{}\" alt=\"{}\" width=\"{}\" height=\"{}\"></td>", picture,
                       escaped("Mel spectrogram of " + clip), 2 * kSketchWidth, 2 * kSketchHeight);
}

std::string wrong_row(const Page& page, const WrongClip& clip, const ClipAudio& audio,
                      const std::string& picture_cell) {
    return fmt::format(
        "<tr><th scope=\"row\" class=\"id\">{}</th><td class=\"text id\">{}</td><td class=\"text\">{}</td>"
        "<td class=\"text\">{}</td><td>{} of {}</td><td>{}</td><td>{}</td>{}{}</tr>\n",
        escaped(clip.id), escaped(clip.group), class_of(page, clip.label), class_of(page, clip.predicted),
        clip.wrong, clip.tested, decimals(clip.confidence, 2), decimals(clip.true_probability, 2),
        picture_cell, player(audio, clip.id));
}

// Which groups cost most; nothing where groups are single clips.
std::string groups_table(const Page& page) {
    const auto groups = hardest_groups(page.results, kHardGroups);
    if (groups.empty()) return {};
    int wrong_in_all = 0;
    for (const auto& run : page.results.runs) {
        wrong_in_all +=
            static_cast<int>(std::count_if(run.test.predictions.begin(), run.test.predictions.end(),
                                           [](const Prediction& p) { return p.predicted != p.label; }));
    }
    std::string rows =
        "<thead><tr><th scope=\"col\">Group</th><th scope=\"col\" class=\"text\">True</th>"
        "<th scope=\"col\">Clips</th><th scope=\"col\">Predictions wrong</th><th scope=\"col\">Share, %</th>"
        "<th scope=\"col\">Of all mistakes, %</th></tr></thead>\n<tbody>\n";
    for (const auto& group : groups) {
        rows += fmt::format(
            "<tr><th scope=\"row\" class=\"id\">{}</th><td class=\"text\">{}</td><td>{}</td><td>{} of {}</td>"
            "<td>{}</td><td>{}</td></tr>\n",
            escaped(group.group), class_of(page, group.label), group.clips, group.wrong, group.predictions,
            percent(static_cast<double>(group.wrong) / group.predictions),
            percent(static_cast<double>(group.wrong) / wrong_in_all));
    }
    return "<h3>Hardest groups</h3>\n" +
           table("The groups of the test part with most wrong predictions, over all runs.",
                 rows + "</tbody>\n");
}

}  // namespace

std::string mistakes_section(const Page& page) {
    if (page.results.runs.empty()) return {};
    std::string text = confused_text(page);
    const auto wrong = most_often_wrong(page.results, kWrongClips);
    if (wrong.empty()) return text;
    std::string rows =
        "<thead><tr><th scope=\"col\">Clip</th><th scope=\"col\" class=\"text\">Group</th>"
        "<th scope=\"col\" class=\"text\">True</th><th scope=\"col\" class=\"text\">Predicted</th>"
        "<th scope=\"col\">Wrong</th><th scope=\"col\">Confidence</th><th scope=\"col\">Own "
        "class</th>";
    const ClipAudio audio(page.results, page.folder.empty() ? page.results.folder : page.folder);
    // While it trains there is no time for pictures.
    const bool running = page.results.status == StudyStatus::running;
    int sketches = audio.available() && !running ? page.sketches : 0;
    if (sketches > 0) rows += "<th scope=\"col\">Sound</th>";
    if (audio.available()) rows += "<th scope=\"col\">Listen</th>";
    const bool has_column = sketches > 0;
    rows += "</tr></thead>\n<tbody>\n";
    for (const auto& clip : wrong) {
        const std::string picture = !has_column ? "" : sketches-- > 0 ? sketch(audio, clip.id) : "<td></td>";
        rows += wrong_row(page, clip, audio, picture);
    }
    rows += "</tbody>\n";
    text += groups_table(page) + "<h3>Hardest clips</h3>\n";
    return text +
           table(
               "The clips of the test part that most runs got wrong. Confidence: mean probability of "
               "the wrong "
               "class. Own class: mean probability of the true one. A clip that every run gets wrong "
               "with high "
               "confidence is worth listening to: its label may be the mistake." +
                   std::string(page.results.study.sets
                                   ? " Of several classes, confidence is that of the surest wrong one, "
                                     "and own class the least sure of the true ones."
                                   : ""),
               rows, "full");
}

}  // namespace kickdrum::html
