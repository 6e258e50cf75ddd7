// SPDX-License-Identifier: MIT
#include "experiments/runs/results_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/report/html_report.h"
#include "experiments/runs/result_files.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// Paths of all files, relative to the folder.
std::vector<std::string> files_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), folder).string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

ClipTable table_of(const Results& results, const SplitTable& split) {
    ClipTable table{.classes = results.study.classes, .clips = {}};
    for (const auto& row : split.rows) {
        table.clips.push_back(
            {.id = row.sample_id, .group = row.group, .label = row.label, .row = 0, .audio = {}});
    }
    return table;
}

Split split_of(const SplitTable& table) {
    Split split{.seed = table.seed, .parts = {}};
    for (const auto& row : table.rows) split.parts.push_back(row.part);
    return split;
}

// Everything that an experiment writes, in its order.
void write_all(ResultsFolder& folder, const Results& results) {
    folder.write_experiment("name: synthetic-main\n");
    folder.write_resolved("name: synthetic-main\nruns: 5\n");
    folder.write_environment(results.environment);
    folder.write_study(results.study);
    for (const auto& split : results.splits) folder.write_split(table_of(results, split), split_of(split));
    for (const auto& run : results.runs) {
        for (const auto& record : run.history) folder.append_epoch(run.run, record);
        folder.write_run(run);
    }
    for (std::size_t epoch = 0; epoch < 4; ++epoch) {  // of runs that train at the same time
        for (const auto& [run, history] : results.unfinished) {
            if (epoch < history.size()) folder.append_epoch(run, history[epoch]);
        }
    }
    folder.write_summary(summarize(results));
    folder.write_report(html_report(results));
    folder.set_status(results.status);
    folder.log("done");
}

template <class Action>
UserError error_of(Action action) {
    try {
        action();
    } catch (const UserError& error) {
        return error;
    }
    ADD_FAILURE() << "no error";
    return {ExitCode::done, "none"};
}

TEST(ResultsFolder, HasTheFilesOfTheContract) {
    const TemporaryFolder temporary;
    const Results results = synthetic_results(2, 2);
    {
        ResultsFolder folder(temporary / "out");
        write_all(folder, results);
    }
    EXPECT_THAT(files_in(temporary / "out"),
                UnorderedElementsAre(
                    ".lock", "environment.json", "experiment.yaml", "log.jsonl", "report.html",
                    "resolved.yaml", "runs/01/history.csv", "runs/01/metrics.json",
                    "runs/01/predictions_test.csv", "runs/01/predictions_val.csv", "runs/02/history.csv",
                    "runs/02/metrics.json", "runs/02/predictions_test.csv", "runs/02/predictions_val.csv",
                    "split.csv", "state.json", "summary.json", "summary.md"));
}

TEST(ResultsFolder, ComesBackEqual) {
    const TemporaryFolder temporary;
    const Results results = synthetic_results(3, 3);
    {
        ResultsFolder folder(temporary / "out");
        write_all(folder, results);
    }
    const Results read = load_results(temporary / "out");
    EXPECT_EQ(read.status, StudyStatus::done);
    EXPECT_EQ(read.study.name, results.study.name);
    EXPECT_EQ(read.environment.command, results.environment.command);
    EXPECT_EQ(read.resolved_yaml, "name: synthetic-main\nruns: 5\n");
    ASSERT_EQ(read.splits.size(), 1U);
    EXPECT_EQ(split_csv(read.splits[0].rows, read.study.classes),
              split_csv(results.splits[0].rows, results.study.classes));
    ASSERT_EQ(read.runs.size(), 3U);
    EXPECT_TRUE(read.unfinished.empty());
    // All figures to the bit; the losses too, for JSON keeps doubles whole.
    EXPECT_EQ(to_json(summarize(read)), to_json(summarize(results)));
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(metrics_json(read.runs[i], read.study.classes),
                  metrics_json(results.runs[i], results.study.classes));
        EXPECT_EQ(history_csv(read.runs[i].history), history_csv(results.runs[i].history));
        EXPECT_EQ(predictions_csv(read.runs[i].test.predictions, read.study.classes),
                  predictions_csv(results.runs[i].test.predictions, results.study.classes));
    }
}

TEST(ResultsFolder, ScoresFollowThePredictionsNotTheMetricsFile) {
    const TemporaryFolder temporary;
    {
        ResultsFolder folder(temporary / "out");
        write_all(folder, synthetic_results(1, 1));
    }
    // All clips predicted right now.
    const fs::path file = temporary / "out/runs/01/predictions_test.csv";
    Results read = load_results(temporary / "out");
    auto predictions = read.runs[0].test.predictions;
    EXPECT_LT(read.runs[0].test.scores.accuracy, 1);
    for (auto& prediction : predictions) prediction.predicted = prediction.label;
    write_file_atomically(file, predictions_csv(predictions, read.study.classes));
    EXPECT_EQ(load_results(temporary / "out").runs[0].test.scores.weighted_f1, 1);
}

TEST(ResultsFolder, WritesOneSplitPerSeed) {
    const TemporaryFolder temporary;
    const Results results = synthetic_results(2, 2, {42, 43});
    {
        ResultsFolder folder(temporary / "out");
        write_all(folder, results);
    }
    EXPECT_TRUE(fs::exists(temporary / "out/split-42.csv"));
    EXPECT_TRUE(fs::exists(temporary / "out/split-43.csv"));
    EXPECT_FALSE(fs::exists(temporary / "out/split.csv"));
    const Results read = load_results(temporary / "out");
    ASSERT_EQ(read.splits.size(), 2U);
    EXPECT_EQ(read.split_of_run(2)->seed, 43U);
    EXPECT_EQ(split_csv(read.split_of_run(2)->rows, read.study.classes),
              split_csv(results.splits[1].rows, results.study.classes));
}

TEST(ResultsFolder, ShowsAnExperimentThatStillRuns) {
    const TemporaryFolder temporary;
    Results results = synthetic_results(5, 2);
    results.status = StudyStatus::running;
    results.unfinished = {{.run = 3, .history = synthetic_history(3, 4)},
                          {.run = 5, .history = synthetic_history(5, 2)}};
    {
        ResultsFolder folder(temporary / "out");
        write_all(folder, results);
        const Results read = load_results(temporary / "out");
        EXPECT_EQ(read.status, StudyStatus::running);
        EXPECT_EQ(read.runs.size(), 2U);
        ASSERT_EQ(read.unfinished.size(), 2U);
        for (std::size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(read.unfinished[i].run, results.unfinished[i].run);
            EXPECT_EQ(history_csv(read.unfinished[i].history), history_csv(results.unfinished[i].history));
        }
    }
    // Nobody holds the lock any more: it was killed.
    EXPECT_EQ(load_results(temporary / "out").status, StudyStatus::interrupted);
}

TEST(ResultsFolder, HistoryIsWholeAfterEveryEpoch) {
    const TemporaryFolder temporary;
    ResultsFolder folder(temporary / "out");
    folder.write_study(synthetic_results(2, 0).study);
    const auto history = synthetic_history(1, 3);
    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
        folder.append_epoch(1, history[epoch]);
        const auto read = read_history(read_file(temporary / "out/runs/01/history.csv"), "history.csv");
        EXPECT_EQ(read.size(), epoch + 1);
    }
    folder.append_epoch(2, history[0]);
    EXPECT_EQ(read_history(read_file(temporary / "out/runs/02/history.csv"), "history.csv").size(), 1U);
}

TEST(ResultsFolder, LogsOneObjectPerLine) {
    const TemporaryFolder temporary;
    ResultsFolder folder(temporary / "out");
    folder.log("begun", {{"runs", std::int64_t{5}}, {"name", std::string("a\n\"b\"")}});
    folder.log("epoch", {{"loss", 0.5}, {"best", true}});
    const std::string text = read_file(temporary / "out/log.jsonl");
    ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
    const auto first = nlohmann::ordered_json::parse(text.substr(0, text.find('\n')));
    EXPECT_EQ(first["event"], "begun");
    EXPECT_EQ(first["runs"], 5);
    EXPECT_EQ(first["name"], "a\n\"b\"");
    EXPECT_TRUE(first["time"].get<std::string>().ends_with('Z'));
}

TEST(ResultsFolder, AnExistingOneIsNeverOverwritten) {
    const TemporaryFolder temporary;
    {
        ResultsFolder folder(temporary / "out");
        write_all(folder, synthetic_results(1, 1));
    }
    const auto before = files_in(temporary / "out");
    const std::string summary = read_file(temporary / "out/summary.json");
    const UserError error = error_of([&] { ResultsFolder again(temporary / "out"); });
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("--force"), HasSubstr("--out")));
    EXPECT_EQ(files_in(temporary / "out"), before);
    EXPECT_EQ(read_file(temporary / "out/summary.json"), summary);
}

TEST(ResultsFolder, ForceRemovesItsOwnFilesOnly) {
    const TemporaryFolder temporary;
    const fs::path out = temporary / "out";
    {
        ResultsFolder folder(out);
        write_all(folder, synthetic_results(2, 2, {42, 43}));
        write_file_atomically(folder.model_path(1), "weights");
        fs::create_directory(out / "runs/01/checkpoint");
        write_file_atomically(out / "runs/01/checkpoint/state", "x");
        // Left behind by a process that was killed while it wrote.
        std::ofstream(out / "runs/02/history.csv.4711.3.tmp") << "half";
        std::ofstream(out / "report.html.4711.9.tmp") << "half";
        // Somebody's own.
        std::ofstream(out / "notes.txt") << "mine";
        std::ofstream(out / "split-of-mine.csv") << "mine";
        std::ofstream(out / "runs/01/listening.txt") << "mine";
        fs::create_directory(out / "runs/best");
        std::ofstream(out / "runs/best/metrics.json") << "mine";
        std::ofstream(out / "mine.tmp") << "mine";
    }
    const ResultsFolder folder(out, FolderUse::replace);
    EXPECT_THAT(files_in(out), UnorderedElementsAre(".lock", "notes.txt", "split-of-mine.csv", "mine.tmp",
                                                    "runs/01/listening.txt", "runs/best/metrics.json"));
    EXPECT_FALSE(fs::exists(out / "runs/02"));
}

TEST(ResultsFolder, RefusesFoldersOfOthersEvenWithForce) {
    const TemporaryFolder temporary;
    const fs::path out = temporary / "photos";
    fs::create_directory(out);
    std::ofstream(out / "report.html") << "mine";
    for (const bool force : {false, true}) {
        const UserError error =
            error_of([&] { ResultsFolder folder(out, force ? FolderUse::replace : FolderUse::fresh); });
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_THAT(error.what(), HasSubstr("--out"));
    }
    EXPECT_THAT(files_in(out), ElementsAre("report.html"));
}

TEST(ResultsFolder, TakesAnEmptyFolder) {
    const TemporaryFolder temporary;
    fs::create_directory(temporary / "out");
    EXPECT_NO_THROW(ResultsFolder(temporary / "out"));
    EXPECT_NO_THROW(ResultsFolder(temporary / "a/b/c"));
}

TEST(ResultsFolder, RefusesAFile) {
    const TemporaryFolder temporary;
    std::ofstream(temporary / "out") << "x";
    EXPECT_EQ(error_of([&] { ResultsFolder folder(temporary / "out"); }).code(), ExitCode::usage);
    // A file on the way to it.
    EXPECT_NE(error_of([&] { ResultsFolder folder(temporary / "out/deeper"); }).code(), ExitCode::done);
}

TEST(ResultsFolder, OneProcessAtATime) {
    const TemporaryFolder temporary;
    const fs::path out = temporary / "out";
    {
        ResultsFolder folder(out);
        folder.write_study(synthetic_results(1, 0).study);
        for (const bool force : {false, true}) {
            const UserError error =
                error_of([&] { ResultsFolder second(out, force ? FolderUse::replace : FolderUse::fresh); });
            EXPECT_EQ(error.code(), ExitCode::failed);
            EXPECT_THAT(error.what(), AllOf(HasSubstr("in use"), HasSubstr(std::to_string(::getpid()))));
        }
        EXPECT_TRUE(FolderLock::held(out));
        EXPECT_TRUE(fs::exists(out / "state.json"));
    }
    EXPECT_FALSE(FolderLock::held(out));
    EXPECT_NO_THROW(ResultsFolder(out, FolderUse::replace));
}

TEST(FolderLock, EndsWithTheProcess) {
    const TemporaryFolder temporary;
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const FolderLock lock(temporary.path());
        if (::write(ready[1], "x", 1) != 1) ::_exit(1);
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    EXPECT_TRUE(FolderLock::held(temporary.path()));
    const UserError error = error_of([&] { FolderLock lock(temporary.path()); });
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(child)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    EXPECT_FALSE(FolderLock::held(temporary.path()));
    EXPECT_NO_THROW(FolderLock(temporary.path()));
}

TEST(LoadResults, ComplaintsNameTheFile) {
    const TemporaryFolder temporary;
    EXPECT_EQ(error_of([&] { (void)load_results(temporary.path()); }).code(), ExitCode::usage);
    {
        ResultsFolder folder(temporary / "out");
        write_all(folder, synthetic_results(1, 1));
    }
    const fs::path file = temporary / "out/runs/01/predictions_test.csv";
    std::string text = read_file(file);
    text.resize(text.size() - 20);
    write_file_atomically(file, text);
    const UserError error = error_of([&] { (void)load_results(temporary / "out"); });
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("predictions_test.csv"));
}

}  // namespace
}  // namespace kickdrum
