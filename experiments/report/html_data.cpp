// SPDX-License-Identifier: MIT
// What it was trained and tested on: the split, leaks, what was left out.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/report/findings.h"
#include "experiments/report/html_sections.h"
#include "experiments/report/html_text.h"

namespace kickdrum::html {
namespace {

constexpr std::size_t kLeakedPairs = 200;

std::string count_cell(const PartCount& count) {
    return count.clips == 0
               ? "<td>0</td>"
               : fmt::format("<td>{} <span class=\"muted\">({})</span></td>", count.clips, count.groups);
}

std::string split_table(const Page& page, const SplitTable& split) {
    const auto& classes = page.results.study.classes;
    const SplitCounts counts = count_split(split, static_cast<int>(classes.size()), page.results.study.sets);
    std::string rows =
        "<thead><tr><th scope=\"col\">Class</th><th scope=\"col\">Train</th><th scope=\"col\">Validation</th>"
        "<th scope=\"col\">Test</th><th scope=\"col\">Clips</th></tr></thead>\n<tbody>\n";
    for (std::size_t c = 0; c < classes.size(); ++c) {
        int clips = 0;
        std::string cells;
        for (const auto& count : counts.by_class[c]) {
            clips += count.clips;
            cells += count_cell(count);
        }
        rows += fmt::format("<tr><th scope=\"row\">{}</th>{}<td>{}</td></tr>\n",
                            class_name(classes[c], static_cast<int>(c)), cells, clips);
    }
    std::string cells;
    for (const auto& count : counts.by_part) cells += count_cell(count);
    rows += fmt::format("<tr class=\"main rule\"><th scope=\"row\">All</th>{}<td>{}</td></tr>\n</tbody>\n",
                        cells, split.rows.size());
    return table(fmt::format("Clips (groups in brackets), split seed {}.", split.seed), rows);
}

std::string leak_text(const SplitTable& split, int classes, bool sets) {
    const SplitCounts counts = count_split(split, classes, sets);
    if (counts.leaked.empty()) {
        return fmt::format("<p>No leak: none of the {} groups has clips in more than one part.</p>\n",
                           counts.groups);
    }
    constexpr std::size_t kNamed = 10;  // the split file has the others
    std::string names;
    for (std::size_t i = 0; i < std::min(kNamed, counts.leaked.size()); ++i)
        names += fmt::format("{}<code>{}</code>", names.empty() ? "" : ", ", escaped(counts.leaked[i]));
    if (counts.leaked.size() > kNamed) names += fmt::format(" and {} more", counts.leaked.size() - kNamed);
    return fmt::format(
        "<p><strong>Leak:</strong> {} of {} groups have clips in more than one part: {}.</p>\n",
        counts.leaked.size(), counts.groups, names);
}

std::string clip_cells(const std::string& clip, const std::string& group, const std::string& part) {
    return fmt::format("<td class=\"text id\">{}</td><td class=\"text id\">{}</td><td class=\"text\">{}</td>",
                       escaped(clip), escaped(group), escaped(part));
}

std::string pairs_table(const LeakCheck& leaks) {
    std::string rows =
        "<thead><tr><th scope=\"col\" class=\"text\">Clip</th><th scope=\"col\" class=\"text\">Group</th>"
        "<th scope=\"col\" class=\"text\">Part</th><th scope=\"col\" class=\"text\">Clip</th>"
        "<th scope=\"col\" class=\"text\">Group</th><th scope=\"col\" class=\"text\">Part</th>"
        "<th scope=\"col\" class=\"text\">The second is</th></tr></thead>\n<tbody>\n";
    const std::size_t shown = std::min(kLeakedPairs, leaks.pairs.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const LeakedPair& pair = leaks.pairs[i];
        rows += fmt::format("<tr>{}{}<td class=\"text\">{}</td></tr>\n",
                            clip_cells(pair.first, pair.first_group, pair.first_part),
                            clip_cells(pair.second, pair.second_group, pair.second_part),
                            escaped(describe(pair)));
    }
    return table(shown == leaks.pairs.size()
                     ? "The same audio in two parts."
                     : fmt::format("The same audio in two parts: the first {} pairs.", shown),
                 rows + "</tbody>\n");
}

std::string audio_leaks(const LeakCheck& leaks) {
    std::string text;
    for (const auto& column : leaks.columns) {
        text += fmt::format(
            "<p><strong>Leak:</strong> clips of {} of the {} tracks in the column <code>{}</code> lie in two "
            "parts.</p>\n",
            column.parted, column.tracks, escaped(column.column));
    }
    if (leaks.pairs.empty()) {
        return text +
               fmt::format(
                   "<p>No audio lies in two parts: the acoustic fingerprints of {} were compared, each "
                   "shifted by up to half a second.</p>\n",
                   counted(leaks.clips, "clip"));
    }
    return text +
           fmt::format("<p><strong>Leak:</strong> {} of clips in different groups {} the same audio.</p>\n",
                       counted(std::ssize(leaks.pairs), "pair"), leaks.pairs.size() == 1 ? "is" : "are") +
           pairs_table(leaks);
}

}  // namespace

std::string data_section(const Page& page) {
    const auto& results = page.results;
    std::string text;
    const int classes = static_cast<int>(results.study.classes.size());
    for (std::size_t i = 0; i < results.splits.size(); ++i) {
        if (results.splits[i].rows.empty()) continue;
        const std::string content =
            leak_text(results.splits[i], classes, results.study.sets) + split_table(page, results.splits[i]);
        text += i == 0 ? content : folded(fmt::format("Split of seed {}", results.splits[i].seed), content);
    }
    if (results.study.leaks) text += audio_leaks(*results.study.leaks);
    if (!results.study.skipped.empty()) {
        std::string items;
        for (const auto& clip : results.study.skipped) {
            items += fmt::format("<li><span class=\"id\">{}</span>: {}</li>\n", escaped(clip.id),
                                 escaped(clip.reason));
        }
        text += folded(
            fmt::format("Left out <span>{}</span>", counted(std::ssize(results.study.skipped), "clip")),
            "<ul>\n" + items + "</ul>\n");
    }
    return text;
}

}  // namespace kickdrum::html
