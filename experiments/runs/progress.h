// SPDX-License-Identifier: MIT
// What `kickdrum run` says while it works and at the end. On a terminal one line per stage and a live line
// below it, which covers all runs that are under way; in a file or pipe one plain line per stage and epoch,
// with the run's number, without control characters. Quiet: only the end result. Calls come from one thread
// at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/runs/results.h"
#include "experiments/runs/run_result.h"
#include "experiments/runs/summary.h"

namespace kickdrum {

struct ProgressStyle {
    bool terminal = false;  // a live line may be redrawn
    bool color = false;
    bool quiet = false;
    int width = 80;  // columns of the terminal
};

// What suits this file descriptor (1 stdout, 2 stderr): a terminal or not, NO_COLOR, TERM=dumb, its width.
ProgressStyle progress_style(int file_descriptor, bool quiet);

class Progress {
 public:
    using Clock = std::function<double()>;  // seconds; only differences count

    // Writes to `out`, which must outlive this object. `clock` is for tests.
    Progress(std::ostream& out, ProgressStyle style, Clock clock = {});
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // A stage of work: "Features"; ends where the next begins, at stage_done or at the first run.
    // stage_progress may be called as often as one likes.
    void stage(std::string_view text);
    void stage_progress(std::int64_t done, std::int64_t total);
    void stage_done(std::string_view result);  // "Features  1305 clips  12.1 s"
    // A line of its own, above the live line.
    void note(std::string_view text);
    void warning(std::string_view text);

    // Runs that an earlier call of the program has finished.
    void already_finished(int runs) { finished_before_ = runs; }
    // Runs and epochs count from 1; several runs may be under way. `monitored` is what best-so-far is about
    // ("val_loss"), best its value at best_epoch. `epochs_before`: of this run, by an earlier call.
    void run_started(int run, int runs, int epochs, int epochs_before = 0);
    // Within an epoch, for the live line only.
    void step_done(int run, std::int64_t done, std::int64_t total);
    void epoch_done(int run, const EpochRecord& record, std::string_view monitored, double best,
                    int best_epoch);
    void run_done(const RunResult& result);

    // The end: classification report and confusion matrix of the test part (mean over runs), the main metrics
    // with their intervals beside the published figures, where the report lies. Printed in quiet mode too.
    void finished(const Results& results, const Summary& summary, const std::filesystem::path& report);
    void interrupted(std::string_view how_to_resume);

 private:
    // A run under way.
    struct LiveRun {
        int run = 0;
        double start = 0;
        int epochs_before = 0;
        EpochRecord last_epoch{};
        double step_fraction = 0;  // of the epoch that is under way
        std::string best_text{};

        double epochs_done() const { return last_epoch.epoch + step_fraction; }
    };

    LiveRun& live_run(int run);
    void end_stage(std::string_view result);
    void draw_runs(bool at_once);
    std::string line_of_one(const LiveRun& run) const;
    std::string line_of_several() const;
    void draw(const std::string& line, bool at_once);
    void clear();
    void print(const std::string& line);
    std::string painted(std::string_view code, std::string_view text) const;
    std::string bar(double fraction) const;
    std::string time_left() const;

    std::ostream& out_;
    ProgressStyle style_;
    Clock clock_;
    bool live_ = false;  // a live line is on the screen
    double last_draw_ = 0;

    std::string stage_;  // empty: none is open
    double stage_start_ = 0;

    int runs_ = 0;
    int epochs_ = 0;                  // at most, per run
    std::vector<LiveRun> live_runs_;  // by number
    int finished_before_ = 0;
    int finished_runs_ = 0;
    double seconds_of_finished_runs_ = 0;
};

}  // namespace kickdrum
