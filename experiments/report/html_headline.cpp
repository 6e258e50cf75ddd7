// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "experiments/report/comparison.h"
#include "experiments/report/findings.h"
#include "experiments/report/html_sections.h"
#include "experiments/report/html_text.h"
#include "experiments/report/svg_plot.h"
#include "experiments/runs/result_text.h"

namespace kickdrum::html {
namespace {

// "run 3 of 5, epoch 12", or "run 3 of 5, epoch 12; run 4 of 5, epoch 9"
std::string progress_text(const Results& results) {
    std::string text;
    for (const auto& [run, history] : results.unfinished) {
        if (history.empty()) continue;
        text += fmt::format("{}run {} of {}, epoch {}", text.empty() ? "" : "; ", run, results.study.runs,
                            history.back().epoch);
    }
    if (!text.empty()) return text;
    // The one after the last finished, unless all are.
    const int current = std::min(static_cast<int>(results.runs.size()) + 1, results.study.runs);
    return fmt::format("run {} of {}", current, results.study.runs);
}

std::string banner(const Results& results) {
    switch (results.status) {
        case StudyStatus::running:
            return fmt::format(
                "<div class=\"banner running\" role=\"status\"><p><strong>Running: {}.</strong> This page "
                "shows what is known so far and reloads itself.</p></div>\n",
                progress_text(results));
        case StudyStatus::interrupted:
            return fmt::format(
                "<div class=\"banner\" role=\"status\"><p><strong>Interrupted: {}.</strong> Only finished "
                "runs count below.</p></div>\n",
                progress_text(results));
        case StudyStatus::failed:
            return fmt::format(
                "<div class=\"banner\" role=\"status\"><p><strong>Stopped by an error: {}.</strong> Only "
                "finished runs count below; the last lines of log.jsonl say more.</p></div>\n",
                progress_text(results));
        case StudyStatus::done: break;
    }
    return {};
}

std::string warning_box(const Results& results) {
    const auto list = warnings(results);
    if (list.empty()) return {};
    std::string items;
    for (const auto& sentence : list) {
        items += fmt::format("<li{}>{}</li>\n", sentence.starts_with("Leak") ? " class=\"grave\"" : "",
                             escaped(sentence));
    }
    return "<div class=\"warnings\"><h2>Read this first</h2><ul>\n" + items + "</ul></div>\n";
}

// The result in words.
std::string lead(const Page& page, const MetricSummary& main) {
    const Results& results = page.results;
    const std::string subject = results.study.model.empty() ? "This model" : results.study.model;
    std::string text = escaped(subject);
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    const SplitTable* split = results.split_of_run(results.runs.front().run);
    if (split != nullptr && !split->rows.empty()) {
        const SplitCounts counts =
            count_split(*split, static_cast<int>(results.study.classes.size()), results.study.sets);
        text += fmt::format(", trained on {} in {} classes", counted(counts.by_part[0].clips, "clip"),
                            results.study.classes.size());
    }
    text += fmt::format(": test weighted F1 <strong>{}</strong>", score(main.mean));
    if (!main.ci95) return text + " in a single run.";
    return text + fmt::format(" ± {} (mean ± sd) over {} runs.", score(*main.sd), main.values.size());
}

// Signs stay with their numbers at the end of a line.
std::string unbroken(std::string text) {
    constexpr std::string_view kNoBreakSpace = "\u00a0";
    for (std::size_t at = 0; (at = text.find("± ", at)) != std::string::npos;) {
        text.replace(at + 2, 1, kNoBreakSpace);
    }
    for (std::size_t at = 0; (at = text.find(" %", at)) != std::string::npos;) {
        text.replace(at, 1, kNoBreakSpace);
    }
    return text;
}

// What differs between runs.
std::string chance_text(const Results& results) {
    return results.study.split_seeds.size() > 1 ? "chance in training and split" : "chance in training";
}

std::string trust(const Page& page, const MetricSummary& main,
                  const std::optional<TestSetUncertainty>& test_set) {
    const bool several_splits = page.results.study.split_seeds.size() > 1;
    std::string text;
    if (main.ci95) {
        text += several_splits
                    ? "The interval covers chance in training and in the split; the runs share "
                      "clips, so it is rather too narrow. "
                    : "The interval covers chance in training only: clips and split stay the same. ";
    }
    if (test_set) {
        text += fmt::format(
            "{} holds {} of {}; with other groups in it the score would move by about ± {} (95 %).",
            test_set->per_run ? "A run's test part" : "The test part", counted(test_set->clips, "clip"),
            counted(test_set->groups, "group"), decimals(test_set->ci95.half_width(), 2));
    }
    return text.empty() ? text : fmt::format("<p>{}</p>\n", text);
}

std::string compared(const Page& page, const MetricSummary& main,
                     const std::optional<TestSetUncertainty>& test_set) {
    const auto published = page.summary.published_figure(main.name);
    if (!published) return {};
    const Comparison comparison = compare_with_published(
        main.mean, main.ci95, test_set ? std::optional(test_set->ci95) : std::nullopt, *published);
    const VerdictText words =
        verdict_text(comparison, page.summary.runs, main.ci95, chance_text(page.results));
    const std::string source = page.summary.published_source.empty()
                                   ? std::string()
                                   : fmt::format(" Source: {}.", escaped(page.summary.published_source));
    return fmt::format(
        "<p class=\"verdict\"><strong>{}</strong> {} <span class=\"muted\">Its own spread is "
        "unknown.{}</span></p>\n",
        words.short_form, words.reason, source);
}

ScoreLine score_line_of(const Page& page, const MetricSummary& metric) {
    ScoreLine line{.title = metric_title(metric.name),
                   .values = metric.values,
                   .mean = metric.mean,
                   .ci95 = metric.ci95,
                   .published = page.summary.published_figure(metric.name)};
    for (const auto& run : page.results.runs) line.run_numbers.push_back(run.run);
    return line;
}

std::string score_figure(const Page& page, const std::optional<TestSetUncertainty>& test_set) {
    const MetricSummary& test = *page.summary.find("test.weighted_f1");
    const MetricSummary& val = *page.summary.find("val.weighted_f1");
    std::vector<ScoreLine> lines = {score_line_of(page, test), score_line_of(page, val)};
    if (test_set) lines.front().test_set = test_set->ci95;
    std::string caption = "Circles: runs. Stroke: mean.";
    if (test.ci95) caption += " Inner bar: 95 % interval of the mean.";
    if (test_set) caption += " Outer bar: 95 % from the size of the test part.";
    if (lines[0].published || lines[1].published) caption += " Diamond: published.";
    return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                       to_svg(lines, fmt::format("Test weighted F1 {}, validation weighted F1 {}",
                                                 score(test.mean), score(val.mean))),
                       caption);
}

// "2025-03-01T14:05:09Z" -> "2025-03-01 14:05 UTC"
std::string readable_date(const std::string& iso) {
    return iso.size() < 16 || iso[10] != 'T' ? iso : iso.substr(0, 10) + ' ' + iso.substr(11, 5) + " UTC";
}

std::string facts(const Page& page) {
    const Results& results = page.results;
    const Environment& environment = results.environment;
    double seconds = 0;
    for (const auto& run : results.runs) {
        if (const auto total = run.seconds.find("total"); total != run.seconds.end())
            seconds += total->second;
    }
    std::string splits;
    for (const auto seed : results.study.split_seeds)
        splits += fmt::format("{}{}", splits.empty() ? "" : ", ", seed);
    std::string items;
    const auto add = [&](std::string_view term, const std::string& value) {
        if (!value.empty()) items += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", term, escaped(value));
    };
    add("Runs finished", fmt::format("{} of {}", results.runs.size(), results.study.runs));
    if (seconds > 0) add("Training time", duration_text(seconds));
    add("Device",
        environment.cpu.empty() || environment.device != "cpu" ? environment.device : environment.cpu);
    if (environment.threads > 0) {
        add("Threads", fmt::format("{}{}", environment.threads,
                                   environment.simd.empty() ? std::string() : ", " + environment.simd));
    }
    if (!results.study.leaky_protocol.empty()) add("Protocol", "published, which leaks");
    add("Seed", std::to_string(results.study.seed));
    add(results.study.split_seeds.size() > 1 ? "Split seeds" : "Split seed", splits);
    add("Begun", readable_date(environment.date));
    return "<dl class=\"facts\">\n" + items + "</dl>\n";
}

std::string command(const Page& page) {
    std::string text = page.results.environment.command;
    if (text.empty() && !page.results.study.experiment.empty())
        text = "kickdrum run " + page.results.study.experiment;
    if (text.empty()) return {};
    return fmt::format(
        "<p class=\"muted\">To compute this again, to the bit on the same machine:</p>\n<pre "
        "class=\"command\">{}</pre>\n",
        escaped(text));
}

}  // namespace

std::string headline(const Page& page) {
    const MetricSummary* main = page.summary.find("test.weighted_f1");
    std::string text = banner(page.results) + warning_box(page.results);
    if (main == nullptr) {
        return text + "<p class=\"lead\">No run has finished yet, so there is no score.</p>\n" + facts(page) +
               command(page);
    }
    const auto& test_set = page.test_set;
    std::string words;
    words += fmt::format("<p class=\"eyebrow\">Test weighted F1, {}</p>\n",
                         main->ci95 ? fmt::format("mean of {} runs", main->values.size()) : "single run");
    words += fmt::format("<p class=\"figure\">{}{}</p>\n", score(main->mean),
                         main->sd ? fmt::format(" <small>± {} sd</small>", score(*main->sd)) : "");
    if (main->ci95) {
        words += fmt::format("<p class=\"range\">95 % interval of the mean: <strong>{} to {}</strong></p>\n",
                             score(main->ci95->low), score(main->ci95->high));
    }
    words += compared(page, *main, test_set);
    words += fmt::format("<p>{}</p>\n", lead(page, *main)) + trust(page, *main, test_set);
    text += "<div class=\"hero\"><div>\n" + unbroken(words) + "</div>\n";
    text += score_figure(page, test_set) + "</div>\n";
    return text + facts(page) + command(page);
}

}  // namespace kickdrum::html
