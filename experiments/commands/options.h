// SPDX-License-Identifier: MIT
// Options as the commands declare them. What is wrong with a value is a UserError with exit code 2, thrown
// while the words are parsed; it names the option, the value and what is allowed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace kickdrum {

// The options that mean the same everywhere.
struct CommonOptions {
    std::string device;            // auto, cpu or cuda, or cuda:sm_90; empty: as the experiment file says
    int threads = 0;               // 0: one per processor
    std::string out;               // empty: the command's default
    std::string cache;             // empty: the default cache
    std::vector<std::string> set;  // key.path=value
    bool quiet = false;
    bool json = false;
    bool force = false;
    bool tensorboard = false;
    std::string mlflow;  // a folder; empty: none

    // The experiment file's keys to replace: --set as given, and --device.
    std::vector<std::string> overrides() const;
    std::string architecture() const;  // "sm_90" of cuda:sm_90; else empty
};

void add_device_option(CLI::App& app, CommonOptions& options);
// The same, and architectures of GPUs that need not be here.
void add_planned_device_option(CLI::App& app, CommonOptions& options);
void add_threads_option(CLI::App& app, CommonOptions& options);
void add_out_option(CLI::App& app, CommonOptions& options, const std::string& type,
                    const std::string& description);
void add_cache_option(CLI::App& app, CommonOptions& options);
void add_set_option(
    CLI::App& app, CommonOptions& options,
    const std::string& what = "Replace a key of the experiment file: --set training.epochs=10");
void add_quiet_option(CLI::App& app, CommonOptions& options);
void add_json_option(CLI::App& app, CommonOptions& options, const std::string& description);
void add_export_options(CLI::App& app, CommonOptions& options);
void add_force_option(CLI::App& app, CommonOptions& options, const std::string& description);

// `type` is shown in the help and tells the shell what to complete: DIR, FILE, a list "a|b|c", or any other
// word.
void add_text_option(CLI::App& app, const std::string& name, std::string& value, const std::string& type,
                     const std::string& description);
void add_choice_option(CLI::App& app, const std::string& name, std::string& value,
                       const std::vector<std::string>& choices, const std::string& description);
// Values in [low, high].
void add_integer_option(CLI::App& app, const std::string& name, std::int64_t& value, std::int64_t low,
                        std::int64_t high, const std::string& type, const std::string& description);
std::int64_t parse_integer(const std::string& name, const std::string& text, std::int64_t low,
                           std::int64_t high);
void add_flag(CLI::App& app, const std::string& name, bool& value, const std::string& description);

// The words without a dash in front. Whether they are missing is for the command to ask: see
// require_argument.
void add_argument(CLI::App& app, const std::string& name, std::string& value, const std::string& description);
void add_arguments(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                   const std::string& description);
void require_argument(const std::string& command, const std::string& name, bool given);

// "a,b,c" as its parts; empty text has none.
std::vector<std::string> split_at_commas(const std::string& text);

}  // namespace kickdrum
