// SPDX-License-Identifier: MIT
#include "experiments/runs/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "experiments/runs/results_folder.h"
#include "tests/support/synthetic_results.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> list;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) list.push_back(line);
    return list;
}

bool has_control_characters(const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
    });
}

// A clock that the test turns.
struct Stage {
    std::ostringstream out;
    double now = 0;
    Progress progress;
    explicit Stage(ProgressStyle style) : progress(out, style, [this] { return now; }) {}
    std::string text() const { return out.str(); }
};

// An experiment of one run with `epochs` epochs.
void play(Stage& stage, const Results& results, int epochs) {
    stage.progress.stage("Features");
    for (int clip = 1; clip <= 10; ++clip) {
        stage.now += 0.5;
        stage.progress.stage_progress(clip, 10);
    }
    stage.progress.stage_done("10 clips");
    stage.progress.warning("2 clips are silent");
    stage.progress.run_started(1, 2, 50);
    for (int epoch = 1; epoch <= epochs; ++epoch) {
        for (int step = 1; step <= 4; ++step) {
            stage.now += 1;
            stage.progress.step_done(1, step, 4);
        }
        stage.progress.epoch_done(1, results.runs[0].history[static_cast<std::size_t>(epoch - 1)], "val_loss",
                                  0.5, epoch);
    }
    stage.progress.run_done(results.runs[0]);
}

TEST(Progress, PipedItIsOnePlainLinePerEpoch) {
    const Results results = synthetic_results(2, 2);
    Stage stage({});
    play(stage, results, 3);
    EXPECT_FALSE(has_control_characters(stage.text()));
    std::vector<std::string> epochs;
    for (const auto& line : lines(stage.text())) {
        if (line.starts_with("run 1/2")) epochs.push_back(line);
    }
    ASSERT_EQ(epochs.size(), 3U);
    const EpochRecord& second = results.runs[0].history[1];
    EXPECT_THAT(epochs[1],
                AllOf(HasSubstr("epoch 2/50"), HasSubstr(fmt::format("val_loss {:.4f}", second.val_loss)),
                      HasSubstr(fmt::format("val_weighted_f1 {:.4f}", second.val_weighted_f1)),
                      HasSubstr("best val loss 0.5000 (epoch 2)")));
    EXPECT_THAT(stage.text(), HasSubstr("Features   10 clips  5.0 s\n"));
    EXPECT_THAT(stage.text(), HasSubstr("warning: 2 clips are silent\n"));
    EXPECT_THAT(lines(stage.text()).back(), StartsWith("Run 1 of 2"));
    // Features, warning, three epochs, run.
    EXPECT_EQ(lines(stage.text()).size(), 6U);
}

TEST(Progress, OnATerminalALiveLineIsRedrawn) {
    const Results results = synthetic_results(2, 2);
    Stage stage({.terminal = true, .color = true, .quiet = false, .width = 100});
    play(stage, results, 3);
    const std::string text = stage.text();
    EXPECT_THAT(text,
                AllOf(HasSubstr("━"), HasSubstr("epoch 2/50"), HasSubstr("val loss"), HasSubstr("left")));
    EXPECT_THAT(text, Not(HasSubstr("run 1/2")));
    // Lines that stay: Features, warning, run.
    EXPECT_EQ(lines(text).size(), 3U);
    // Before each of them the live line is wiped.
    EXPECT_THAT(text, HasSubstr("\r\x1b[KFeatures   10 clips"));
    EXPECT_THAT(text, HasSubstr("\x1b[33mwarning:\x1b[0m")) << "colour";
}

// What the terminal shows in its live line at the end.
std::string live_line(const std::string& text) {
    const std::size_t begin = text.rfind('\r') + 1;
    return text.substr(begin, text.find("\x1b[K", begin) - begin);
}

TEST(Progress, TheLiveLineCoversAllRunsUnderWay) {
    const Results results = synthetic_results(5, 2);
    Stage stage({.terminal = true, .color = false, .quiet = false, .width = 200});
    stage.progress.run_started(1, 5, 10);
    stage.progress.run_started(2, 5, 10);
    EXPECT_THAT(live_line(stage.text()), AllOf(StartsWith("Runs 1, 2 of 5"), HasSubstr("run 2 epoch 1/10")));
    stage.now += 10;
    stage.progress.epoch_done(2, results.runs[1].history[0], "val_loss", 0.5, 1);
    EXPECT_THAT(live_line(stage.text()), Not(HasSubstr("left"))) << "nothing is known of run 1";
    stage.now += 10;
    stage.progress.epoch_done(1, results.runs[0].history[0], "val_loss", 0.5, 1);
    // Run 1 needs 200 s for 10 epochs, run 2 as well; 180 s are left of these, and three more runs: 300 s for
    // two at a time.
    EXPECT_THAT(live_line(stage.text()),
                AllOf(HasSubstr("run 1 epoch 2/10 val loss"), HasSubstr("run 2 epoch 2/10 val loss"),
                      HasSubstr("at most 8 min 00 s left")));
    stage.progress.run_done(results.runs[1]);
    EXPECT_THAT(lines(stage.text()).back(), HasSubstr("Run 1 of 5  ━")) << "the other is under way";
    EXPECT_THAT(stage.text(), HasSubstr("\r\x1b[KRun 2 of 5   "));
}

TEST(Progress, PipedEachLineHasItsRunsNumber) {
    const Results results = synthetic_results(3, 3);
    Stage stage({});
    for (const int run : {1, 2, 3}) stage.progress.run_started(run, 3, 50);
    for (const int run : {2, 1, 3}) {
        const RunResult& result = results.runs[static_cast<std::size_t>(run - 1)];
        stage.progress.epoch_done(run, result.history[0], "val_loss", 0.5, 1);
    }
    for (const int run : {3, 1, 2}) stage.progress.run_done(results.runs[static_cast<std::size_t>(run - 1)]);
    EXPECT_FALSE(has_control_characters(stage.text()));
    EXPECT_THAT(lines(stage.text()),
                testing::ElementsAre(StartsWith("run 2/3  epoch 1/50"), StartsWith("run 1/3  epoch 1/50"),
                                     StartsWith("run 3/3  epoch 1/50"), StartsWith("Run 3 of 3"),
                                     StartsWith("Run 1 of 3"), StartsWith("Run 2 of 3")));
}

TEST(Progress, TheLiveLineNeverWraps) {
    const Results results = synthetic_results(2, 2);
    for (const int width : {1, 10, 20, 40, 80, 200}) {
        Stage stage({.terminal = true, .color = false, .quiet = false, .width = width});
        stage.progress.run_started(1, 2, 50);
        stage.now += 10;
        stage.progress.epoch_done(1, results.runs[0].history[0], "val_loss", 0.5, 1);
        stage.progress.run_started(2, 2, 50);
        const std::string text = stage.text();
        // What stands between a carriage return and the wiping of the rest of the line.
        for (std::size_t at = 0; (at = text.find('\r', at)) != std::string::npos; ++at) {
            const std::string shown = text.substr(at + 1, text.find("\x1b[K", at) - at - 1);
            const auto columns = std::count_if(shown.begin(), shown.end(), [](char c) {
                return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
            });
            EXPECT_LE(columns, std::max(width - 1, 1)) << shown;
        }
    }
}

TEST(Progress, RedrawsAtMostTenTimesASecond) {
    Stage stage({.terminal = true, .color = false, .quiet = false, .width = 80});
    stage.progress.run_started(1, 1, 10);
    for (int step = 1; step < 1000; ++step) {
        stage.now += 0.001;
        stage.progress.step_done(1, step, 1000);
    }
    const std::string text = stage.text();
    EXPECT_LE(std::count(text.begin(), text.end(), '\r'), 12);
    EXPECT_GE(std::count(text.begin(), text.end(), '\r'), 8);
}

TEST(Progress, WithoutColourThereAreNoColours) {
    const Results results = synthetic_results(2, 2);
    Stage stage({.terminal = true, .color = false, .quiet = false, .width = 80});
    play(stage, results, 2);
    std::string text = stage.text();
    for (std::size_t at = 0; (at = text.find("\x1b[", at)) != std::string::npos; ++at)
        EXPECT_EQ(text[at + 2], 'K');
}

TEST(Progress, QuietSaysOnlyTheResult) {
    const Results results = synthetic_results(2, 2);
    Stage stage({.terminal = true, .color = true, .quiet = true, .width = 80});
    play(stage, results, 3);
    EXPECT_EQ(stage.text(), "");
    stage.progress.finished(results, summarize(results), "results/x/report.html");
    EXPECT_THAT(stage.text(), HasSubstr("results/x/report.html"));
}

TEST(Progress, TheEndHasEveryNumberThatCounts) {
    Results results = synthetic_results(5, 5);
    results.study.published = {{"test.weighted_f1", 0.75}};
    results.study.published_source = "table 3";
    const Summary summary = summarize(results);
    Stage stage({});
    stage.progress.finished(results, summary, "results/x/report.html");
    const MetricSummary& f1 = *summary.find("test.weighted_f1");
    EXPECT_FALSE(has_control_characters(stage.text()));
    EXPECT_THAT(
        stage.text(),
        AllOf(HasSubstr("Test part, mean of 5 runs"), HasSubstr("weighted avg"),
              HasSubstr("Confusion matrix"), HasSubstr(fmt::format("{:.3f} ± {:.3f}", f1.mean, *f1.sd)),
              HasSubstr(fmt::format("{:.3f} to {:.3f}", f1.ci95->low, f1.ci95->high)), HasSubstr("0.750"),
              HasSubstr("Published: table 3"), HasSubstr("Report: results/x/report.html\n")));
    for (const auto& name : results.study.classes) EXPECT_THAT(stage.text(), HasSubstr(name));
}

TEST(Progress, InterruptedSaysHowToGoOn) {
    Stage stage({.terminal = true, .color = false, .quiet = false, .width = 80});
    stage.progress.run_started(1, 2, 50);
    stage.progress.interrupted("go on with kickdrum resume results/x");
    EXPECT_THAT(lines(stage.text()).back(),
                testing::EndsWith("\r\x1b[Kinterrupted: go on with kickdrum resume results/x"));
}

// Sets a variable for a test and puts it back.
class Variable {
 public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* old = std::getenv(name)) old_ = old;
        ::setenv(name, value, 1);
    }
    ~Variable() {
        if (old_) {
            ::setenv(name_, old_->c_str(), 1);
        } else {
            ::unsetenv(name_);
        }
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

 private:
    const char* name_;
    std::optional<std::string> old_;
};

TEST(ProgressStyle, AFileIsNoTerminal) {
    const int file = ::open("/dev/null", O_WRONLY);
    const ProgressStyle style = progress_style(file, true);
    ::close(file);
    EXPECT_FALSE(style.terminal);
    EXPECT_FALSE(style.color);
    EXPECT_TRUE(style.quiet);
}

TEST(ProgressStyle, ATerminalHasColourUnlessToldOtherwise) {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0) GTEST_SKIP() << "no pseudo terminal can be opened here";
    const Variable term("TERM", "xterm");
    {
        const Variable no_color("NO_COLOR", "");
        EXPECT_TRUE(progress_style(terminal, false).terminal);
        EXPECT_TRUE(progress_style(terminal, false).color);
    }
    {
        const Variable no_color("NO_COLOR", "1");
        EXPECT_TRUE(progress_style(terminal, false).terminal);
        EXPECT_FALSE(progress_style(terminal, false).color);
    }
    {
        const Variable dumb("TERM", "dumb");
        EXPECT_FALSE(progress_style(terminal, false).terminal);
    }
    ::close(terminal);
}

}  // namespace
}  // namespace kickdrum
