// SPDX-License-Identifier: MIT
// environment.json: where and with what an experiment ran, so that a reader can tell two results apart.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kickdrum {

class Context;

struct Environment {
    std::string version;     // of Kickdrum
    std::string git_commit;  // of the sources, "-dirty" where they were changed; empty: unknown
    std::string compiler;
    std::string build_type;
    std::string device;
    std::string gpu;     // its name, where it computes
    std::string driver;  // of the GPU: "580.65.06"
    std::string math;    // "fp32", "tf32", "bf16"
    std::string cpu;
    std::string simd;       // "avx512"; what the kernels use, not what the processor could do
    int threads = 0;        // that all runs share
    int parallel_runs = 1;  // runs that trained at the same time
    int processors = 0;
    double memory_gib = 0;
    std::string os;
    std::map<std::string, std::string> libraries;                      // name: version
    std::vector<std::pair<std::string, std::string>> implementations;  // "conv2d_1": "winograd_f4x4:avx512"
    std::string date;                                                  // when it began, UTC, ISO 8601
    std::string command;                                               // as typed
};

// Looks at this computer and this program. `command` is the command line; see join_command.
Environment describe_environment(const Context& context, std::string command,
                                 std::vector<std::pair<std::string, std::string>> implementations = {});

// The words of a command line as a shell would take them back: quoted where it needs quotes.
std::string join_command(const std::vector<std::string>& words);

std::string kickdrum_version();
std::string kickdrum_git_commit();

std::string to_json(const Environment& environment);
// Keys that are missing stay empty. Throws UserError for text that isn't JSON.
Environment environment_from_json(const std::string& text);

}  // namespace kickdrum
