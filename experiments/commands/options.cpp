// SPDX-License-Identifier: MIT
#include "experiments/commands/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "experiments/diagnostics.h"
#include "experiments/nearest_name.h"
#include "kernels/device/conv_plan_check.h"

namespace kickdrum {
namespace {

[[noreturn]] void wrong_usage(std::string message) {
    throw UserError(ExitCode::usage, std::move(message));
}

constexpr std::int64_t kMostThreads = 1024;

}  // namespace

std::vector<std::string> CommonOptions::overrides() const {
    std::vector<std::string> all = set;
    if (!device.empty()) all.push_back("device=" + device.substr(0, device.find(':')));
    return all;
}

std::string CommonOptions::architecture() const {
    const auto colon = device.find(':');
    return colon == std::string::npos ? std::string() : device.substr(colon + 1);
}

void add_device_option(CLI::App& app, CommonOptions& options) {
    add_choice_option(app, "--device", options.device, {"auto", "cpu", "cuda"},
                      "Where to compute (default: as the experiment file says)");
}

void add_planned_device_option(CLI::App& app, CommonOptions& options) {
    std::vector<std::string> choices{"auto", "cpu", "cuda"};
    for (const auto architecture : plannable_architectures())
        choices.push_back(fmt::format("cuda:{}", architecture));
    add_choice_option(
        app, "--device", options.device, choices,
        "Where to compute (default: as the experiment file says); cuda:sm_90 and the like: whether it "
        "would train on such a GPU, which need not be here");
}

void add_threads_option(CLI::App& app, CommonOptions& options) {
    app.add_option_function<std::string>(
           "--threads",
           [&options](const std::string& text) {
               options.threads = static_cast<int>(parse_integer("--threads", text, 1, kMostThreads));
           },
           "Worker threads (default: one per processor); results don't depend on it")
        ->type_name("N")
        ->take_last();
}

void add_out_option(CLI::App& app, CommonOptions& options, const std::string& type,
                    const std::string& description) {
    add_text_option(app, "--out", options.out, type, description);
}

void add_cache_option(CLI::App& app, CommonOptions& options) {
    add_text_option(app, "--cache", options.cache, "DIR",
                    "Where computed features are kept (default: ~/.cache/kickdrum)");
}

void add_set_option(CLI::App& app, CommonOptions& options, const std::string& what) {
    app.add_option("--set", options.set, what + "; may be repeated")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_quiet_option(CLI::App& app, CommonOptions& options) {
    add_flag(app, "--quiet", options.quiet, "Print the result only, no progress");
}

void add_json_option(CLI::App& app, CommonOptions& options, const std::string& description) {
    add_flag(app, "--json", options.json, description);
}

void add_export_options(CLI::App& app, CommonOptions& options) {
    add_flag(app, "--tensorboard", options.tensorboard,
             "Also write the curves for TensorBoard, into each run's folder");
    add_text_option(app, "--mlflow", options.mlflow, "DIR",
                    "Also write finished runs into MLflow's file store DIR");
}

void add_force_option(CLI::App& app, CommonOptions& options, const std::string& description) {
    add_flag(app, "--force", options.force, description);
}

void add_text_option(CLI::App& app, const std::string& name, std::string& value, const std::string& type,
                     const std::string& description) {
    app.add_option(name, value, description)->type_name(type)->take_last();
}

void add_choice_option(CLI::App& app, const std::string& name, std::string& value,
                       const std::vector<std::string>& choices, const std::string& description) {
    app.add_option_function<std::string>(
           name,
           [&value, name, choices](const std::string& text) {
               if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
                   wrong_usage(fmt::format("{} must be one of {}, not '{}'{}", name, fmt::join(choices, ", "),
                                           text, did_you_mean(text, choices)));
               }
               value = text;
           },
           description)
        ->type_name(fmt::format("{}", fmt::join(choices, "|")))
        ->take_last();
}

std::int64_t parse_integer(const std::string& name, const std::string& text, std::int64_t low,
                           std::int64_t high) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
        wrong_usage(fmt::format("{} must be a whole number from {} to {}, not '{}'", name, low, high, text));
    }
    return value;
}

void add_integer_option(CLI::App& app, const std::string& name, std::int64_t& value, std::int64_t low,
                        std::int64_t high, const std::string& type, const std::string& description) {
    app.add_option_function<std::string>(
           name,
           [&value, name, low, high](const std::string& text) {
               value = parse_integer(name, text, low, high);
           },
           description)
        ->type_name(type)
        ->take_last();
}

void add_flag(CLI::App& app, const std::string& name, bool& value, const std::string& description) {
    app.add_flag(name, value, description)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_argument(CLI::App& app, const std::string& name, std::string& value,
                  const std::string& description) {
    app.add_option(name, value, description)->type_name("FILE");
}

void add_arguments(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                   const std::string& description) {
    app.add_option(name, values, description)->type_name("FILE");
}

void require_argument(const std::string& command, const std::string& name, bool given) {
    if (given) return;
    wrong_usage(fmt::format("'kickdrum {}' needs {}; see 'kickdrum {} --help'", command, name, command));
}

std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> parts;
    if (text.empty()) return parts;
    std::size_t begin = 0;
    for (;;) {
        const auto comma = text.find(',', begin);
        parts.push_back(text.substr(begin, comma - begin));
        if (comma == std::string::npos) return parts;
        begin = comma + 1;
    }
}

}  // namespace kickdrum
