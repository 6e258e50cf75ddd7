// SPDX-License-Identifier: MIT
// Experiment files for tests: written into a folder of the test's own, which goes away with it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "experiments/config/read_experiment.h"
#include "experiments/diagnostics.h"

namespace kickdrum {

// The shipped experiments.
inline const std::filesystem::path kConfigs =
    std::filesystem::path(KICKDRUM_SOURCE_DIR) / "experiments" / "configs";

// The shortest experiment there is.
inline const std::string kMinimal =
    "data:\n"
    "  labels: labels.csv\n"
    "  audio: clips\n"
    "  classes: [kick, snare]\n"
    "model:\n"
    "  - flatten\n"
    "  - dense: {units: classes, activation: softmax}\n";

class ExperimentFileTest : public testing::Test {
 protected:
    void SetUp() override {
        const auto* info = testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::temp_directory_path() / ("kickdrum-" + std::to_string(getpid()) + '-' +
                                                            info->test_suite_name() + '-' + info->name());
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path file() const { return folder_ / "test.yaml"; }
    std::filesystem::path write(const std::string& text) const {
        std::ofstream(file(), std::ios::binary) << text;
        return file();
    }
    ExperimentConfig read(const std::string& text, const std::vector<std::string>& overrides = {}) const {
        return read_experiment(write(text), overrides);
    }
    // "12:5: message" for each mistake, the overrides' with their own text in front; nothing if the file is
    // fine.
    std::vector<std::string> mistakes(const std::string& text,
                                      const std::vector<std::string>& overrides = {}) {
        try {
            read(text, overrides);
        } catch (const UserError& error) {
            code_ = error.code();
            std::vector<std::string> list;
            for (const auto& one : error.diagnostics()) {
                const bool in_file = one.file == file().string();
                std::string where = in_file ? "" : one.file + ": ";
                if (one.line > 0) where += std::to_string(one.line) + ':' + std::to_string(one.column) + ": ";
                list.push_back(where + one.message);
            }
            return list;
        }
        code_ = ExitCode::done;
        return {};
    }

    // The mistakes of the minimal file with these things set.
    template <class... Assignments>
    std::vector<std::string> set(const Assignments&... assignments) {
        return mistakes(kMinimal, {assignments...});
    }

    std::filesystem::path folder_;
    ExitCode code_ = ExitCode::done;  // of the last mistakes()
};

// Sets a variable of the environment, and puts back what it was.
class EnvironmentVariable {
 public:
    EnvironmentVariable(std::string name, const char* value) : name_(std::move(name)) {
        if (const char* before = std::getenv(name_.c_str())) before_ = before;
        set(value);
    }
    ~EnvironmentVariable() { set(before_ ? before_->c_str() : nullptr); }
    EnvironmentVariable(const EnvironmentVariable&) = delete;
    EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

 private:
    void set(const char* value) const {
        if (value == nullptr) {
            unsetenv(name_.c_str());
        } else {
            setenv(name_.c_str(), value, 1);
        }
    }

    std::string name_;
    std::optional<std::string> before_;
};

}  // namespace kickdrum
