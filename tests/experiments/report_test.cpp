// SPDX-License-Identifier: MIT
#include "experiments/report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <regex>
#include <set>

#include "experiments/report/html_text.h"
#include "experiments/runs/results_folder.h"
#include "tests/support/synthetic_results.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Without the whole page in the message.
bool has(const std::string& page, std::string_view text) {
    return page.find(text) != std::string::npos;
}

const std::set<std::string> kVoidTags = {"meta", "br", "hr", "img", "link", "input"};

// What a page gets wrong as markup: tags that don't match, attributes without quotes, ids that come twice,
// links to parts that aren't there. Empty: nothing.
std::vector<std::string> markup_mistakes(const std::string& page) {
    std::vector<std::string> mistakes;
    std::vector<std::string> open;
    std::set<std::string> ids;
    std::vector<std::string> targets;
    const std::regex attribute("\\s+([a-zA-Z0-9:-]+)(=\"([^\"<]*)\")?");
    for (std::size_t at = 0; (at = page.find('<', at)) != std::string::npos;) {
        const std::size_t end = page.find('>', at);
        if (end == std::string::npos) return {"a tag is never closed"};
        std::string tag = page.substr(at + 1, end - at - 1);
        at = end + 1;
        if (tag.starts_with('!')) continue;
        if (tag.starts_with('/')) {
            if (open.empty() || open.back() != tag.substr(1)) {
                mistakes.push_back("</" + tag.substr(1) + "> closes " +
                                   (open.empty() ? "nothing" : open.back()));
                return mistakes;
            }
            open.pop_back();
            continue;
        }
        const bool closed = tag.ends_with('/');
        if (closed) tag.pop_back();
        const std::size_t name_end = tag.find_first_of(" \n\t");
        const std::string name = tag.substr(0, name_end);
        std::string rest = name_end == std::string::npos ? "" : tag.substr(name_end);
        for (std::smatch match;
             std::regex_search(rest, match, attribute, std::regex_constants::match_continuous);
             rest = match.suffix()) {
            if (match[1] == "id" && !ids.insert(match[3]).second)
                mistakes.push_back("id twice: " + match[3].str());
            if (match[1] == "href") targets.push_back(match[3]);
            if (match[1] == "aria-labelledby") targets.push_back("#" + match[3].str());
        }
        if (!rest.empty()) mistakes.push_back("attributes of <" + tag + ">");
        if (!closed && !kVoidTags.contains(name)) open.push_back(name);
        // Style and script hold no tags.
        if (name == "style" || name == "script") at = page.find("</" + name, at);
    }
    for (const auto& name : open) mistakes.push_back("<" + name + "> stays open");
    for (const auto& target : targets) {
        if (!target.starts_with('#') || !ids.contains(target.substr(1)))
            mistakes.push_back("link to " + target);
    }
    return mistakes;
}

// The text that a reader sees, tags taken out.
std::string visible_text(const std::string& page) {
    static const std::regex tags("<[^>]*>");
    const std::size_t body = page.find("<body>");
    return std::regex_replace(page.substr(body), tags, "|");
}

std::vector<std::pair<std::string, Results>> all_kinds() {
    Results published = synthetic_results(5, 5);
    published.study.published = {{"test.weighted_f1", 0.7}, {"val.weighted_f1", 0.8}};
    published.study.published_source = "a <b>table</b>";
    published.resolved_yaml = "name: \"x\"\nmodel: <none> & more\n";
    Results running = synthetic_results(5, 2);
    running.status = StudyStatus::running;
    running.unfinished = {{.run = 3, .history = synthetic_history(3, 12)}};
    Results parallel = running;
    parallel.unfinished.push_back({.run = 4, .history = synthetic_history(4, 9)});
    Results failed = synthetic_results(5, 2);
    failed.status = StudyStatus::failed;
    Results begun = synthetic_results(5, 0);
    begun.status = StudyStatus::running;
    Results diverged = synthetic_results(2, 2);
    for (auto& record : diverged.runs[0].history) record.loss = std::numeric_limits<double>::quiet_NaN();
    diverged.runs[0].test.loss = std::numeric_limits<double>::quiet_NaN();
    Results no_split = synthetic_results(2, 2);
    no_split.splits = {SplitTable{.seed = 42, .rows = {}}};
    Results nasty = synthetic_results(2, 2, {42}, {"<script>alert(1)</script>", "a & \"b\"", "x > y < z"});
    nasty.study.name = "</title><b>";
    nasty.study.model = "<i>model";
    nasty.study.skipped = {{"<clip>", "can't \"read\" it"}};
    for (auto& run : nasty.runs) {
        run.test.predictions[0] = {
            .sample_id = "<img src=x>", .label = 0, .predicted = 1, .probabilities = {0, 1, 0}};
    }
    return {
        {"plain", synthetic_results(5, 5)},
        {"published", published},
        {"running", running},
        {"parallel", parallel},
        {"interrupted", synthetic_results(5, 2)},
        {"failed", failed},
        {"begun", begun},
        {"single", synthetic_results(1, 1)},
        {"two classes", synthetic_results(2, 2, {42}, {"a", "b"})},
        {"ten classes", synthetic_results(3, 3, {42}, {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})},
        {"split seeds", synthetic_results(3, 3, {42, 43, 44})},
        {"diverged", diverged},
        {"no split", no_split},
        {"nasty", nasty}};
}

TEST(HtmlReport, IsWellFormed) {
    for (const auto& [name, results] : all_kinds()) {
        EXPECT_THAT(markup_mistakes(html_report(results)), IsEmpty()) << name;
    }
}

TEST(HtmlReport, NeedsNothingElse) {
    for (const auto& [name, results] : all_kinds()) {
        const std::string page = html_report(results);
        EXPECT_LT(page.size(), 500'000U) << name;
        for (const auto* word : {"http://", "https://", "src=\"", "@import", "url("}) {
            EXPECT_FALSE(has(page, word)) << name << ": " << word;
        }
    }
}

TEST(HtmlReport, EscapesNamesFromFiles) {
    for (const auto& [name, results] : all_kinds()) {
        if (name != "nasty") continue;
        const std::string page = html_report(results);
        EXPECT_THAT(
            page, AllOf(Not(HasSubstr("<script>alert")), Not(HasSubstr("<img")), Not(HasSubstr("<i>model"))));
        EXPECT_THAT(page, AllOf(HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"),
                                HasSubstr("a &amp; &quot;b&quot;"), HasSubstr("&lt;img src=x&gt;"),
                                HasSubstr("<title>&lt;/title&gt;&lt;b&gt;")));
    }
}

TEST(HtmlReport, HasEveryClassAndEveryRun) {
    const Results results = synthetic_results(5, 5);
    const std::string text = visible_text(html_report(results));
    for (const auto& name : results.study.classes) EXPECT_TRUE(has(text, name));
    for (const auto& run : results.runs) {
        EXPECT_TRUE(has(text, fmt::format("Run {}", run.run)));
        EXPECT_TRUE(has(text, std::to_string(run.seed)));
        EXPECT_THAT(text, HasSubstr(fmt::format("test {:.3f}, val {:.3f}", run.test.scores.weighted_f1,
                                                run.val.scores.weighted_f1)));
    }
}

// The row of a table that begins with `name`: the texts of its cells.
std::vector<std::string> row_of(const std::string& page, const std::string& name, std::size_t from = 0) {
    const std::string head = "<th scope=\"row\">" + name + "</th>";
    const std::size_t begin = page.find(head, from);
    if (begin == std::string::npos) return {};
    const std::string row = page.substr(begin + head.size(), page.find("</tr>", begin) - begin - head.size());
    std::vector<std::string> cells;
    const std::regex cell("<td[^>]*>(.*?)</td>");
    for (std::sregex_iterator it(row.begin(), row.end(), cell), end; it != end; ++it)
        cells.push_back((*it)[1]);
    return cells;
}

TEST(HtmlReport, NumbersAreThoseOfTheSummary) {
    Results results = synthetic_results(5, 5);
    results.study.published = {{"test.weighted_f1", 0.7}};
    const Summary summary = summarize(results);
    const std::string page = html_report(results);
    const std::pair<std::string, std::string> rows[] = {{"Test weighted F1", "test.weighted_f1"},
                                                        {"Test accuracy", "test.accuracy"},
                                                        {"Val macro F1", "val.macro_f1"},
                                                        {"Val loss", "val.loss"},
                                                        {"Train weighted F1", "train.weighted_f1"}};
    for (const auto& [title, name] : rows) {
        const MetricSummary& metric = *summary.find(name);
        const auto cells = row_of(page, title);
        ASSERT_EQ(cells.size(), 7U) << title;
        EXPECT_EQ(cells[0], fmt::format("{:.3f}", metric.mean));
        EXPECT_EQ(cells[1], fmt::format("{:.3f}", *metric.sd));
        EXPECT_EQ(cells[2], fmt::format("{:.3f} to {:.3f}", metric.ci95->low, metric.ci95->high));
        EXPECT_EQ(cells[3], fmt::format("{:.3f}", metric.min));
        EXPECT_EQ(cells[4], fmt::format("{:.3f}", metric.max));
    }
    const MetricSummary& f1 = *summary.find("test.weighted_f1");
    EXPECT_EQ(row_of(page, "Test weighted F1")[5], "0.700");
    EXPECT_EQ(row_of(page, "Test weighted F1")[6], fmt::format("+{:.3f}", f1.mean - 0.7));
    EXPECT_TRUE(
        has(page, fmt::format("<p class=\"figure\">{:.3f} <small>±\u00a0{:.3f} sd", f1.mean, *f1.sd)));
}

TEST(HtmlReport, MatricesAreThoseOfThePredictions) {
    const Results results = synthetic_results(5, 5);
    const std::string page = html_report(results);
    const MeanConfusion confusion = mean_confusion(results.runs, &RunResult::test);
    const std::size_t section = page.find("<section id=\"confusion\"");
    for (std::size_t c = 0; c < 5; ++c) {
        const auto cells =
            row_of(page, html::class_name(results.study.classes[c], static_cast<int>(c)), section);
        ASSERT_EQ(cells.size(), 5U);
        for (std::size_t column = 0; column < 5; ++column) {
            const double mean = confusion.mean[c][column];
            if (mean == 0) {
                EXPECT_EQ(cells[column], "0");
            } else {
                EXPECT_THAT(cells[column], HasSubstr(fmt::format("<b>{:.1f}</b>", mean)));
            }
        }
    }
}

TEST(HtmlReport, SaysWhereItStands) {
    const std::map<std::string, std::string> words = {{"running", "Running: run 3 of 5, epoch 12."},
                                                      {"interrupted", "Interrupted: run 3 of 5."},
                                                      {"failed", "Stopped by an error: run 3 of 5."},
                                                      {"begun", "No run has finished yet"},
                                                      {"single", "A single run:"},
                                                      {"split seeds", "rather too narrow"},
                                                      {"plain", "chance in training only"}};
    for (const auto& [name, results] : all_kinds()) {
        const std::string page = html_report(results);
        const bool reloads = page.find("http-equiv=\"refresh\"") != std::string::npos;
        EXPECT_EQ(reloads, results.status == StudyStatus::running) << name;
        if (words.contains(name)) {
            EXPECT_TRUE(has(page, words.at(name))) << name;
        }
    }
}

TEST(HtmlReport, IsTheSameEveryTime) {
    const Results results = synthetic_results(2, 2);
    EXPECT_EQ(html_report(results), html_report(results));
}

}  // namespace
}  // namespace kickdrum
