// SPDX-License-Identifier: MIT
// kickdrum devices: what this program can use on this computer.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sndfile.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/cuda_status_text.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/runs/environment.h"
#include "kernels/device/context.h"

namespace kickdrum {
namespace {

// Whether libsndfile was built with the decoder.
bool decodes(int format) {
    SF_INFO info{};
    info.samplerate = 44100;
    info.channels = 2;
    info.format = format;
    return ::sf_format_check(&info) != 0;
}

struct AudioFormat {
    std::string_view name;
    bool present;
};

std::vector<AudioFormat> audio_formats() {
    return {{"WAV", decodes(SF_FORMAT_WAV | SF_FORMAT_PCM_16)},
            {"FLAC", decodes(SF_FORMAT_FLAC | SF_FORMAT_PCM_16)},
            {"OGG", decodes(SF_FORMAT_OGG | SF_FORMAT_VORBIS)},
            {"MP3", decodes(SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III)}};
}

std::vector<std::string_view> simd_levels() {
    std::vector<std::string_view> names;
    for (const auto level : available_simd_levels()) names.push_back(to_string(level));
    return names;
}

std::string as_json(const Environment& here) {
    auto json = nlohmann::ordered_json::parse(to_json(here));
    // What a run has and a look at the computer hasn't.
    json.erase("implementations");
    json.erase("parallel_runs");
    json.erase("math");
    json.erase("date");
    json.erase("command");
    const CudaStatus cuda = cuda_status();
    json["devices"] = {"cpu"};
    if (cuda.usable()) json["devices"].push_back("cuda");
    json["simd_available"] = simd_levels();
    for (const auto& format : audio_formats()) json["audio"][std::string(format.name)] = format.present;
    json["cuda"] = cuda_json(cuda);
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::string as_text(const Environment& here) {
    std::string text;
    const auto line = [&](std::string_view name, const std::string& value) {
        text += fmt::format("{:<12} {}\n", name, value);
    };
    line("Kickdrum", fmt::format("{}{}, {}, {}", here.version,
                                 here.git_commit.empty() ? "" : " (" + here.git_commit + ")", here.compiler,
                                 here.build_type));
    line("System", here.os);
    line("CPU", fmt::format("{}, {} processors, {:.1f} GiB memory",
                            here.cpu.empty() ? "unknown model" : here.cpu, here.processors, here.memory_gib));
    line("SIMD", fmt::format("{} (this computer can run {})", here.simd, fmt::join(simd_levels(), ", ")));
    for (const auto& [name, value] : cuda_lines(cuda_status())) line(name, value);
    std::vector<std::string> formats;
    for (const auto& format : audio_formats()) {
        formats.push_back(fmt::format("{}{}", format.name, format.present ? "" : " missing"));
    }
    line("Audio", fmt::format("{}", fmt::join(formats, ", ")));
    if (!audio_formats().back().present) {
        line("", "for MP3, install libsndfile 1.1 or newer built with mpg123 (Debian 12: libsndfile1)");
    }
    std::vector<std::string> libraries;
    for (const auto& [name, version] : here.libraries) libraries.push_back(name + " " + version);
    line("Libraries", fmt::format("{}", fmt::join(libraries, ", ")));
    return text;
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<CommonOptions>();
    add_json_option(app, *options, "Print one JSON document");
    return [options](const std::string& command_line) {
        const Context context;
        const Environment here = describe_environment(context, command_line);
        print(options->json ? as_json(here) : as_text(here));
        return ExitCode::done;
    };
}

}  // namespace

Command devices_command() {
    return {.name = "devices",
            .summary = "Show devices, libraries and what is compiled in",
            .arguments = "",
            .description =
                "Shows what this program can use on this computer: processor and instruction set,\n"
                "devices, audio formats, libraries and their versions.",
            .example = "  kickdrum devices --json",
            .declare = declare};
}

}  // namespace kickdrum
