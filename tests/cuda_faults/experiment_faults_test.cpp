// SPDX-License-Identifier: MIT
// Whole experiments on a device whose memory is too small, or that disappears.
#include <nlohmann/json.hpp>

#include "experiments/config/read_experiment.h"
#include "experiments/runs/experiment.h"
#include "experiments/runs/results_folder.h"
#include "experiments/runs/training_run.h"
#include "tests/cuda_faults/faulty_device.h"
#include "tests/integration/tiny_study.h"
#include "tests/nn/network.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string text_of_error(const UserError& error) {
    std::string text;
    for (const auto& diagnostic : error.diagnostics()) text += to_string(diagnostic) + '\n';
    return text;
}

class ExperimentFaults : public FaultyDevice {
 protected:
    ExperimentConfig config(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> overrides{"device=cuda"};
        overrides.insert(overrides.end(), more.begin(), more.end());
        return read_experiment(study_ / "experiment.yaml", overrides);
    }
    // The exit code and the message, as the program has them.
    std::pair<ExitCode, std::string> run(const ExperimentConfig& config) const {
        return outcome_of([&](const RunOptions& options) { return run_experiment(config, options); });
    }
    std::pair<ExitCode, std::string> resume() const {
        return outcome_of([](const RunOptions& options) { return resume_experiment(options); });
    }
    fs::path out() const { return study_ / "results"; }
    std::string weights(int run) const {
        return text_of(out() / fmt::format("runs/{:02}/model.safetensors", run));
    }
    const TinyStudy& study() const { return study_; }

 private:
    template <class Work>
    std::pair<ExitCode, std::string> outcome_of(const Work& work) const {
        const RunOptions options{
            .out = out(), .cache = study_ / "cache", .force = true, .quiet = true, .threads = 1};
        testing::internal::CaptureStdout();
        std::pair<ExitCode, std::string> outcome;
        try {
            outcome.first = work(options);
        } catch (const UserError& error) {
            outcome = {error.code(), text_of_error(error)};
        } catch (const DeviceError& error) {
            outcome = {ExitCode::environment, error.what()};
        }
        testing::internal::GetCapturedStdout();
        return outcome;
    }

    TinyStudy study_;
};

// Wherever it disappears: what was finished is on disk and can be reported, and resuming ends where it would
// have ended.
TEST_F(ExperimentFaults, ADeviceThatDisappears) {
    const ExperimentConfig two_runs = config({"parallel_runs=1"});
    ASSERT_EQ(run(two_runs).first, ExitCode::done);  // the features are in the cache now
    emulation::reset_counts();
    ASSERT_EQ(run(two_runs).first, ExitCode::done);
    const std::int64_t all = calls();
    const std::vector<std::string> undisturbed{weights(1), weights(2)};
    int epochs_seen = 0;
    bool run_1_was_finished = false;
    for (int tenth = 1; tenth <= 9; ++tenth) {
        SCOPED_TRACE(testing::Message() << tenth << " tenths of " << all << " calls");
        mend();
        fs::remove_all(out());
        emulation::lose_device_after(all * tenth / 10);
        const auto [code, text] = run(two_runs);
        EXPECT_EQ(code, ExitCode::environment);
        EXPECT_THAT(text, HasSubstr("cudaErrorDevicesUnavailable"));
        EXPECT_EQ(emulation::leaks(), "");
        if (!fs::exists(out() / "state.json")) continue;  // before there was anything to keep

        EXPECT_THAT(text, testing::AllOf(HasSubstr("of 2 runs are finished and saved in"),
                                         HasSubstr("'kickdrum resume "), HasSubstr("device: cpu")));
        const Results results = load_results(out());
        EXPECT_EQ(results.status, StudyStatus::failed);
        EXPECT_THAT(text_of(out() / "report.html"), HasSubstr("</html>"));
        EXPECT_THAT(text_of(out() / "log.jsonl"), HasSubstr("cudaErrorDevicesUnavailable"));
        for (const auto& one : results.unfinished) epochs_seen += static_cast<int>(one.history.size());
        for (const auto& one : results.runs) {
            EXPECT_EQ(one.history.size(), 3U);
            run_1_was_finished = true;
        }
        mend();
        const auto [resumed, reason] = resume();
        EXPECT_EQ(resumed, ExitCode::done) << reason;
        EXPECT_EQ(weights(1), undisturbed[0]);
        EXPECT_EQ(weights(2), undisturbed[1]);
    }
    EXPECT_GT(epochs_seen, 0);
    EXPECT_TRUE(run_1_was_finished);
}

TEST_F(ExperimentFaults, AnyCallThatFailsEndsItCleanly) {
    const ExperimentConfig short_run = config({"runs=1", "training.epochs=2", "features.n_mels=8"});
    ASSERT_EQ(run(short_run).first, ExitCode::done);
    fs::remove_all(study() / "cache");
    emulation::reset_counts();
    ASSERT_EQ(run(short_run).first, ExitCode::done);
    const std::int64_t all = calls();
    for (std::int64_t n = 1; n <= all; n += std::max<std::int64_t>(1, all / 12)) {
        SCOPED_TRACE(testing::Message() << "call " << n << " of " << all);
        mend();
        fs::remove_all(study() / "cache");
        emulation::fail_call_after(n);
        const auto [code, text] = run(short_run);
        if (code != ExitCode::done) {
            EXPECT_EQ(code, ExitCode::environment);
            EXPECT_THAT(text, testing::AnyOf(is_a_cuda_error(), HasSubstr("'device: cuda' can't be had"),
                                             HasSubstr("CUDA can't be used")));
        }
        ASSERT_EQ(emulation::leaks(), "");
    }
}

// The message's figures are true: the batch it names trains, and a few more clips don't.
TEST_F(ExperimentFaults, NamesTheLargestBatchThatFits) {
    const auto with_batch = [&](int batch) {
        return config({"runs=1", "training.epochs=1", fmt::format("training.batch_size={}", batch)});
    };
    ASSERT_EQ(run(with_batch(8)).first, ExitCode::done);
    emulation::set_memory(std::size_t{100} << 10U);
    const auto [code, text] = run(with_batch(36));
    ASSERT_EQ(code, ExitCode::environment) << text;
    EXPECT_THAT(text, testing::AllOf(HasSubstr("batches of 36 needs"), HasSubstr("are free")));
    const auto at = text.find("batches of at most ");
    ASSERT_NE(at, std::string::npos) << text;
    const int largest = std::stoi(text.substr(at + 19));
    EXPECT_GT(largest, 1);
    EXPECT_LT(largest, 36);
    EXPECT_EQ(run(with_batch(largest)).first, ExitCode::done);
    EXPECT_EQ(run(with_batch(largest + 5)).first, ExitCode::environment);
    emulation::set_memory(std::size_t{40} << 10U);
    EXPECT_THAT(run(with_batch(36)).second, HasSubstr("not even batches of 1 fit"));
    emulation::set_memory(std::size_t{20} << 10U);
    const auto [clips_code, clips_text] = run(with_batch(36));
    EXPECT_EQ(clips_code, ExitCode::environment);
    EXPECT_THAT(clips_text, testing::AllOf(HasSubstr("36 clips"), HasSubstr("(36864 bytes) are needed"),
                                           HasSubstr("(20480 bytes) are free")));
}

}  // namespace
}  // namespace kickdrum
