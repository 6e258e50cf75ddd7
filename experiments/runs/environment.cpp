// SPDX-License-Identifier: MIT
#include "experiments/runs/environment.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sndfile.h>
#include <soxr.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <xxhash.h>

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include <kickdrum_git_commit.h>  // made by the build
#include "experiments/diagnostics.h"
#include "kernels/device/context.h"
#include "kernels/device/cuda_status.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

// "Debian GNU/Linux 12 (bookworm), Linux 6.1.0 x86_64"
std::string operating_system() {
    std::string text;
    std::ifstream release("/etc/os-release");
    for (std::string line; std::getline(release, line);) {
        if (line.starts_with("PRETTY_NAME=\"") && line.ends_with('"'))
            text = line.substr(13, line.size() - 14) + ", ";
    }
    utsname name{};
    if (::uname(&name) == 0) {
        text += fmt::format("{} {} {}", &name.sysname[0], &name.release[0], &name.machine[0]);
    }
    return text;
}

double memory_gib() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page = ::sysconf(_SC_PAGE_SIZE);
    return pages < 0 || page < 0
               ? 0
               : static_cast<double>(pages) * static_cast<double>(page) / (1024.0 * 1024 * 1024);
}

std::string compiler() {
#if defined(__clang__)
    return "Clang " __clang_version__;
#elif defined(__GNUC__)
    return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
    return "unknown";
#endif
}

std::string dotted(int number) {  // 90100 -> 9.1.0
    return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

std::map<std::string, std::string> libraries() {
    std::string sndfile = ::sf_version_string();  // "libsndfile-1.2.0"
    if (const auto dash = sndfile.find('-'); dash != std::string::npos) sndfile.erase(0, dash + 1);
    std::string soxr = ::soxr_version();  // "libsoxr-0.1.3"
    if (const auto dash = soxr.find('-'); dash != std::string::npos) soxr.erase(0, dash + 1);
    return {{"fmt", dotted(FMT_VERSION)},
            {"libsndfile", sndfile},
            {"soxr", soxr},
            {"yaml-cpp", KICKDRUM_YAML_CPP_VERSION},
            {"CLI11", CLI11_VERSION},
            {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                          NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
            {"Boost", fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                                  BOOST_VERSION % 100)},
            {"xxHash", dotted(static_cast<int>(::XXH_versionNumber()))}};
}

void add_gpu(Environment& environment, const CudaFacts& facts) {
    if (!facts.gpus.empty()) environment.gpu = facts.gpus.front().name;
    environment.driver =
        facts.driver_release.empty() ? "for CUDA " + cuda_version_text(facts.driver) : facts.driver_release;
    environment.libraries["CUDA runtime"] = cuda_version_text(facts.runtime);
    environment.libraries["cuDNN"] = cudnn_version_text(facts.cudnn);
    environment.libraries.insert(facts.libraries.begin(), facts.libraries.end());
}

std::string quoted_for_shell(const std::string& word) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'') {
            quoted += "'\\''";
        } else {
            quoted += c;
        }
    }
    return quoted + '\'';
}

}  // namespace

std::string kickdrum_version() {
    return KICKDRUM_VERSION;
}
std::string kickdrum_git_commit() {
    return KICKDRUM_GIT_COMMIT;
}

std::string join_command(const std::vector<std::string>& words) {
    std::string command;
    for (const auto& word : words) {
        if (!command.empty()) command += ' ';
        command += quoted_for_shell(word);
    }
    return command;
}

Environment describe_environment(const Context& context, std::string command,
                                 std::vector<std::pair<std::string, std::string>> implementations) {
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    Environment environment{.version = kickdrum_version(),
                            .git_commit = kickdrum_git_commit(),
                            .compiler = compiler(),
                            .build_type = KICKDRUM_BUILD_TYPE,
                            .device = std::string(to_string(context.device())),
                            .math = std::string(to_string(context.math())),
                            .cpu = cpu_name(),
                            .simd = std::string(to_string(context.simd())),
                            .threads = context.threads(),
                            .processors = static_cast<int>(std::thread::hardware_concurrency()),
                            .memory_gib = memory_gib(),
                            .os = operating_system(),
                            .libraries = libraries(),
                            .implementations = std::move(implementations),
                            .date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now)),
                            .command = std::move(command)};
    if (context.device() == Device::cuda) add_gpu(environment, cuda_status().facts);
    return environment;
}

std::string to_json(const Environment& environment) {
    Json json;
    json["kickdrum"] = environment.version;
    json["git_commit"] = environment.git_commit;
    json["compiler"] = environment.compiler;
    json["build_type"] = environment.build_type;
    json["device"] = environment.device;
    if (!environment.gpu.empty()) json["gpu"] = environment.gpu;
    if (!environment.driver.empty()) json["driver"] = environment.driver;
    json["math"] = environment.math;
    json["cpu"] = environment.cpu;
    json["simd"] = environment.simd;
    json["threads"] = environment.threads;
    json["parallel_runs"] = environment.parallel_runs;
    json["processors"] = environment.processors;
    json["memory_gib"] = environment.memory_gib;
    json["os"] = environment.os;
    json["libraries"] = environment.libraries;
    json["implementations"] = Json::object();
    for (const auto& [name, implementation] : environment.implementations) {
        json["implementations"][name] = implementation;
    }
    json["date"] = environment.date;
    json["command"] = environment.command;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Environment environment_from_json(const std::string& text) {
    try {
        const Json json = Json::parse(text);
        Environment environment;
        environment.version = json.value("kickdrum", "");
        environment.git_commit = json.value("git_commit", "");
        environment.compiler = json.value("compiler", "");
        environment.build_type = json.value("build_type", "");
        environment.device = json.value("device", "");
        environment.gpu = json.value("gpu", "");
        environment.driver = json.value("driver", "");
        environment.math = json.value("math", "");
        environment.cpu = json.value("cpu", "");
        environment.simd = json.value("simd", "");
        environment.threads = json.value("threads", 0);
        environment.parallel_runs = json.value("parallel_runs", 1);
        environment.processors = json.value("processors", 0);
        environment.memory_gib = json.value("memory_gib", 0.0);
        environment.os = json.value("os", "");
        environment.libraries = json.value("libraries", std::map<std::string, std::string>());
        const Json implementations = json.value("implementations", Json::object());
        for (const auto& [name, value] : implementations.items()) {
            environment.implementations.emplace_back(name, value.get<std::string>());
        }
        environment.date = json.value("date", "");
        environment.command = json.value("command", "");
        return environment;
    } catch (const Json::exception&) {
        throw UserError(ExitCode::usage,
                        "environment.json isn't as Kickdrum writes it; was it edited or cut off?");
    }
}

}  // namespace kickdrum
