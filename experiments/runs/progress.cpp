// SPDX-License-Identifier: MIT
#include "experiments/runs/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "experiments/runs/result_text.h"

namespace kickdrum {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr std::size_t kStageColumns = 11;
constexpr std::string_view kBold = "1";
constexpr std::string_view kDim = "2";
constexpr std::string_view kYellow = "33";

double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool is_code_point(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// The first `columns` code points.
std::string cut(const std::string& text, std::size_t columns) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_code_point(text[i]) && count++ == columns) return text.substr(0, i);
    }
    return text;
}

bool is_set(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

}  // namespace

ProgressStyle progress_style(int file_descriptor, bool quiet) {
    ProgressStyle style{.quiet = quiet};
    const char* term = std::getenv("TERM");
    style.terminal = ::isatty(file_descriptor) == 1 && term != nullptr && *term != '\0' &&
                     std::string_view(term) != "dumb";
    style.color = style.terminal && !is_set("NO_COLOR");
    winsize size{};
    if (style.terminal && ::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        style.width = size.ws_col;
    }
    return style;
}

Progress::Progress(std::ostream& out, ProgressStyle style, Clock clock)
    : out_(out), style_(style), clock_(clock ? std::move(clock) : Clock(steady_seconds)) {}

Progress::~Progress() {
    clear();
}

void Progress::stage(std::string_view text) {
    end_stage("");
    stage_ = text;
    stage_start_ = clock_();
    draw(stage_ + " …", true);
}

void Progress::stage_progress(std::int64_t done, std::int64_t total) {
    if (total <= 0) return;
    const double fraction = static_cast<double>(done) / static_cast<double>(total);
    draw(fmt::format("{:<{}}{}  {} of {}", stage_, kStageColumns, bar(fraction), done, total), done == total);
}

void Progress::stage_done(std::string_view result) {
    end_stage(result);
}

void Progress::end_stage(std::string_view result) {
    if (stage_.empty()) return;
    const std::string time = duration_text(clock_() - stage_start_);
    const std::string text = result.empty() ? std::string("done") : std::string(result);
    print(fmt::format("{:<{}} {}  {}", stage_, kStageColumns - 1, text, painted(kDim, time)));
    stage_.clear();
}

void Progress::note(std::string_view text) {
    print(std::string(text));
}

void Progress::warning(std::string_view text) {
    print(painted(kYellow, "warning:") + ' ' + std::string(text));
}

Progress::LiveRun& Progress::live_run(int run) {
    const auto place = std::ranges::lower_bound(live_runs_, run, {}, &LiveRun::run);
    if (place != live_runs_.end() && place->run == run) return *place;
    return *live_runs_.insert(place, LiveRun{.run = run, .start = clock_()});
}

void Progress::run_started(int run, int runs, int epochs, int epochs_before) {
    end_stage("");
    runs_ = runs;
    epochs_ = epochs;
    LiveRun& live = live_run(run);
    live.epochs_before = epochs_before;
    live.last_epoch.epoch = epochs_before;
    draw_runs(true);
}

void Progress::step_done(int run, std::int64_t done, std::int64_t total) {
    live_run(run).step_fraction = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
    draw_runs(false);
}

void Progress::epoch_done(int run, const EpochRecord& record, std::string_view monitored, double best,
                          int best_epoch) {
    LiveRun& live = live_run(run);
    live.last_epoch = record;
    live.step_fraction = 0;
    std::string name(monitored);
    std::replace(name.begin(), name.end(), '_', ' ');
    live.best_text = fmt::format("best {} {:.4f} (epoch {})", name, best, best_epoch);
    if (style_.terminal) {
        draw_runs(true);
        return;
    }
    print(fmt::format(
        "run {}/{}  epoch {}/{}  loss {:.4f}  accuracy {:.4f}  val_loss {:.4f}  val_accuracy {:.4f}  "
        "val_weighted_f1 {:.4f}  {}  {:.1f} s",
        run, runs_, record.epoch, epochs_, record.loss, record.accuracy, record.val_loss, record.val_accuracy,
        record.val_weighted_f1, live.best_text, record.seconds));
}

void Progress::run_done(const RunResult& result) {
    const double seconds = clock_() - live_run(result.run).start;
    std::erase_if(live_runs_, [&](const LiveRun& live) { return live.run == result.run; });
    ++finished_runs_;
    seconds_of_finished_runs_ += seconds;
    std::string training;  // of baselines: rounds of boosting
    if (!result.history.empty()) {
        training = fmt::format("{} epochs, best {}   ", result.history.size(), result.best_epoch);
    } else if (result.best_epoch > 0) {
        training = fmt::format("{} rounds   ", result.best_epoch);
    }
    print(fmt::format("Run {} of {}   {}val F1 {:.3f}   test F1 {}   {}", result.run, runs_, training,
                      result.val.scores.weighted_f1,
                      painted(kBold, fmt::format("{:.3f}", result.test.scores.weighted_f1)),
                      painted(kDim, duration_text(seconds))));
    if (!live_runs_.empty()) draw_runs(true);
}

void Progress::finished(const Results& results, const Summary& summary, const std::filesystem::path& report) {
    clear();
    end_stage("");
    const std::string runs = summary.runs == 1 ? "1 run" : fmt::format("mean of {} runs", summary.runs);
    out_ << '\n' << painted(kBold, fmt::format("Test part, {}", runs)) << "\n\n";
    out_ << classification_report(results.runs, &RunResult::test, summary.classes) << '\n';
    if (!results.study.sets) {
        out_ << painted(kBold, "Confusion matrix")
             << fmt::format(" (test, {}; rows true, columns predicted)\n\n", runs);
        out_ << confusion_table(results.runs, &RunResult::test, summary.classes) << '\n';
    }
    out_ << painted(kBold, summary.name) << "\n\n" << metrics_table(summary) << '\n';
    if (!summary.published.empty() && !summary.published_source.empty()) {
        out_ << "Published: " << summary.published_source << '\n';
    }
    out_ << "Report: " << report.string() << std::endl;
}

void Progress::interrupted(std::string_view how_to_resume) {
    clear();
    out_ << "interrupted: " << how_to_resume << std::endl;
}

void Progress::draw_runs(bool at_once) {
    if (!style_.terminal || style_.quiet) return;
    draw(live_runs_.size() == 1 ? line_of_one(live_runs_[0]) : line_of_several(), at_once);
}

// Run 2 of 5  ━━━━━━──────  epoch 12/50  loss 0.5123  val loss 0.6011  best val loss 0.58 (epoch 9)  about 3
// min left
std::string Progress::line_of_one(const LiveRun& run) const {
    std::string line = fmt::format("Run {} of {}  {}  epoch {}/{}", run.run, runs_,
                                   bar(run.epochs_done() / std::max(epochs_, 1)),
                                   std::min(run.last_epoch.epoch + 1, epochs_), epochs_);
    if (run.last_epoch.epoch > run.epochs_before) {
        line += fmt::format("  loss {:.3f}  val loss {:.3f}  {}", run.last_epoch.loss,
                            run.last_epoch.val_loss, run.best_text);
    }
    const std::string left = time_left();
    return left.empty() ? line : line + "  " + left;
}

// Runs 1, 2 of 5  ━━━━━━──────  about 3 min left  run 1 epoch 12/50 val loss 0.601  run 2 epoch 11/50 val
// loss 0.633: what doesn't fit is cut off.
std::string Progress::line_of_several() const {
    std::string numbers;
    std::string details;
    double done = 0;
    for (const auto& run : live_runs_) {
        numbers += fmt::format("{}{}", numbers.empty() ? "" : ", ", run.run);
        details += fmt::format("  run {} epoch {}/{}", run.run, std::min(run.last_epoch.epoch + 1, epochs_),
                               epochs_);
        if (run.last_epoch.epoch > run.epochs_before)
            details += fmt::format(" val loss {:.3f}", run.last_epoch.val_loss);
        done += run.epochs_done();
    }
    const double all = static_cast<double>(live_runs_.size()) * std::max(epochs_, 1);
    const std::string left = time_left();
    return fmt::format("Runs {} of {}  {}{}{}", numbers, runs_, bar(done / all),
                       left.empty() ? "" : "  " + left, details);
}

// Early stopping ends most runs before their last epoch. What a run costs is known once one has finished;
// before that only the most that it can be.
std::string Progress::time_left() const {
    double per_run = finished_runs_ > 0 ? seconds_of_finished_runs_ / finished_runs_ : 0;
    double sum = 0;      // of the runs under way
    double longest = 0;  // of them
    for (const auto& run : live_runs_) {
        const double elapsed = clock_() - run.start;
        double left = per_run - elapsed;
        if (finished_runs_ == 0) {
            const double done = run.epochs_done() - run.epochs_before;
            if (done < 0.5) return {};
            const double epoch = elapsed / done;
            per_run = std::max(per_run, epoch * epochs_);
            left = epoch * (epochs_ - run.epochs_done());
        }
        sum += std::max(0.0, left);
        longest = std::max(longest, left);
    }
    const auto live = static_cast<double>(std::max<std::size_t>(live_runs_.size(), 1));
    const double waiting = runs_ - finished_before_ - finished_runs_ - static_cast<double>(live_runs_.size());
    const double left = std::max(longest, (sum + waiting * per_run) / live);
    return fmt::format("{} {} left", finished_runs_ > 0 ? "about" : "at most", duration_text(left));
}

std::string Progress::bar(double fraction) const {
    const int width = std::clamp(style_.width / 6, 8, 24);
    const int full = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * width));
    std::string text;
    for (int i = 0; i < width; ++i) text += i < full ? "━" : "─";
    return text;
}

std::string Progress::painted(std::string_view code, std::string_view text) const {
    return style_.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void Progress::draw(const std::string& line, bool at_once) {
    if (!style_.terminal || style_.quiet) return;
    const double now = clock_();
    if (live_ && !at_once && now - last_draw_ < kRedrawSeconds) return;
    last_draw_ = now;
    live_ = true;
    // One column stays free: some terminals wrap after the last one.
    out_ << '\r' << cut(line, static_cast<std::size_t>(std::max(style_.width - 1, 1))) << "\x1b[K"
         << std::flush;
}

void Progress::clear() {
    if (!live_) return;
    out_ << "\r\x1b[K" << std::flush;
    live_ = false;
}

void Progress::print(const std::string& line) {
    if (style_.quiet) return;
    clear();
    out_ << line << std::endl;
}

}  // namespace kickdrum
