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

void Progress::run_started(int run, int runs, int epochs) {
    end_stage("");
    run_ = run;
    runs_ = runs;
    epochs_ = epochs;
    last_epoch_ = {};
    step_fraction_ = 0;
    best_text_.clear();
    run_start_ = clock_();
    draw_run();
}

void Progress::step_done(std::int64_t done, std::int64_t total) {
    step_fraction_ = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
    draw_run();
}

void Progress::epoch_done(const EpochRecord& record, std::string_view monitored, double best,
                          int best_epoch) {
    last_epoch_ = record;
    step_fraction_ = 0;
    std::string name(monitored);
    std::replace(name.begin(), name.end(), '_', ' ');
    best_text_ = fmt::format("best {} {:.4f} (epoch {})", name, best, best_epoch);
    if (style_.terminal) {
        draw_run();
        return;
    }
    print(fmt::format(
        "run {}/{}  epoch {}/{}  loss {:.4f}  accuracy {:.4f}  val_loss {:.4f}  val_accuracy {:.4f}  "
        "val_weighted_f1 {:.4f}  {}  {:.1f} s",
        run_, runs_, record.epoch, epochs_, record.loss, record.accuracy, record.val_loss,
        record.val_accuracy, record.val_weighted_f1, best_text_, record.seconds));
}

void Progress::run_done(const RunResult& result) {
    const double seconds = clock_() - run_start_;
    seconds_of_finished_runs_ += seconds;
    print(fmt::format("Run {} of {}   {} epochs, best {}   val F1 {:.3f}   test F1 {}   {}", run_, runs_,
                      result.history.size(), result.best_epoch, result.val.scores.weighted_f1,
                      painted(kBold, fmt::format("{:.3f}", result.test.scores.weighted_f1)),
                      painted(kDim, duration_text(seconds))));
}

void Progress::finished(const Results& results, const Summary& summary, const std::filesystem::path& report) {
    clear();
    end_stage("");
    const std::string runs = summary.runs == 1 ? "1 run" : fmt::format("mean of {} runs", summary.runs);
    out_ << '\n' << painted(kBold, fmt::format("Test part, {}", runs)) << "\n\n";
    out_ << classification_report(results.runs, &RunResult::test, summary.classes) << '\n';
    out_ << painted(kBold, "Confusion matrix")
         << fmt::format(" (test, {}; rows true, columns predicted)\n\n", runs);
    out_ << confusion_table(results.runs, &RunResult::test, summary.classes) << '\n';
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

// Run 2 of 5  ━━━━━━──────  epoch 12/50  loss 0.5123  val loss 0.6011  best val loss 0.58 (epoch 9)  about 3
// min left
void Progress::draw_run() {
    if (!style_.terminal || style_.quiet) return;
    const double done = static_cast<double>(last_epoch_.epoch) + step_fraction_;
    const int epoch = std::min(last_epoch_.epoch + 1, epochs_);
    std::vector<std::string> parts{
        fmt::format("Run {} of {}  {}", run_, runs_, bar(done / std::max(epochs_, 1))),
        fmt::format("epoch {}/{}", epoch, epochs_)};
    if (last_epoch_.epoch > 0) {
        parts.push_back(fmt::format("loss {:.3f}", last_epoch_.loss));
        parts.push_back(fmt::format("val loss {:.3f}", last_epoch_.val_loss));
        parts.push_back(best_text_);
    }
    const std::string left = time_left();
    if (!left.empty()) parts.push_back(left);
    std::string line;
    for (const auto& part : parts) line += (line.empty() ? "" : "  ") + part;
    draw(line, step_fraction_ == 0);
}

// Early stopping ends most runs before their last epoch. What a run costs is known once one has finished;
// before that only the most that it can be.
std::string Progress::time_left() const {
    const double done = static_cast<double>(last_epoch_.epoch) + step_fraction_;
    const double elapsed = clock_() - run_start_;
    const int finished = run_ - 1;
    if (finished > 0) {
        const double per_run = seconds_of_finished_runs_ / finished;
        return "about " + duration_text(std::max(0.0, per_run - elapsed) + per_run * (runs_ - run_)) +
               " left";
    }
    if (done < 0.5) return {};
    const double per_epoch = elapsed / done;
    return "at most " +
           duration_text(per_epoch * (epochs_ - done + static_cast<double>(epochs_) * (runs_ - run_))) +
           " left";
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
