// SPDX-License-Identifier: MIT
#include "experiments/commands/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <new>

#include "experiments/commands/command.h"
#include "experiments/diagnostics.h"
#include "experiments/nearest_name.h"
#include "experiments/runs/environment.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace {

void print_error(const std::string& text) {
    // The report of an error can't report its own.
    static_cast<void>(std::fputs((text + '\n').c_str(), stderr));
}

std::string version_line() {
    const std::string commit = kickdrum_git_commit();
    return fmt::format("kickdrum {}{}\n", kickdrum_version(), commit.empty() ? "" : " (" + commit + ")");
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const auto& command : commands()) names.emplace_back(command.name);
    return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
}

// What CLI11 couldn't place: unknown options, or words too many.
void refuse_leftovers(const Command& command, const CLI::App& app) {
    const std::string see = fmt::format("; see 'kickdrum {} --help'", command.name);
    Problems problems;
    for (const auto& word : app.remaining()) {
        if (!word.starts_with('-') || word == "--") continue;
        const std::string name = word.substr(0, word.find('='));
        problems.add({.message = fmt::format("unknown option '{}'{}{}", name,
                                             did_you_mean(name, option_names(app)), see),
                      .file = {}});
    }
    problems.throw_if_any(ExitCode::usage);
    for (const auto& word : app.remaining()) {
        if (word == "--") continue;
        throw UserError(ExitCode::usage, fmt::format("'{}' is one word too many{}", word, see));
    }
}

// "--out: 1 required DIR missing" and its like, in our words.
std::string words_for(const CLI::ParseError& error, const Command& command) {
    const std::string text = error.what();
    const auto colon = text.find(':');
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && colon != std::string::npos) {
        return fmt::format("'{}' needs a value; see 'kickdrum {} --help'", text.substr(0, colon),
                           command.name);
    }
    // All values are read as text, so it's a flag that CLI11 can't convert: "Could not convert: --json =
    // yes".
    if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr && colon != std::string::npos) {
        const std::string rest = text.substr(colon + 2);
        return fmt::format("'{}' takes no value; see 'kickdrum {} --help'", rest.substr(0, rest.find(' ')),
                           command.name);
    }
    return fmt::format("the command line can't be understood ({}); see 'kickdrum {} --help'", text,
                       command.name);
}

ExitCode run_command(const Command& command, const std::vector<std::string>& words) {
    CLI::App app{std::string(command.summary)};
    app.set_help_flag("-h,--help", "Print this help");
    app.set_version_flag("--version", "", "Print the version");
    app.allow_extras();
    const Work work = command.declare(app);
    try {
        // CLI11 wants them last first.
        app.parse(std::vector<std::string>(words.rbegin(), words.rend() - 1));
        refuse_leftovers(command, app);
    } catch (const CLI::CallForHelp&) {
        print(help_text(command));
        return ExitCode::done;
    } catch (const CLI::CallForVersion&) {
        print(version_line());
        return ExitCode::done;
    } catch (const CLI::ParseError& error) {
        throw UserError(ExitCode::usage, words_for(error, command));
    }
    std::vector<std::string> typed{"kickdrum"};
    typed.insert(typed.end(), words.begin(), words.end());
    return work(join_command(typed));
}

ExitCode dispatch(const std::vector<std::string>& words) {
    if (words.empty()) {
        throw UserError(ExitCode::usage, "what shall be done? 'kickdrum --help' lists the commands");
    }
    const std::string& name = words[0];
    if (name == "--help" || name == "-h") {
        print(program_help());
        return ExitCode::done;
    }
    if (name == "--version") {
        print(version_line());
        return ExitCode::done;
    }
    if (const Command* command = find_command(name)) return run_command(*command, words);
    if (name.starts_with('-')) {
        throw UserError(ExitCode::usage,
                        fmt::format("'{}' stands where a command should; options follow the command, as in "
                                    "'kickdrum run experiment.yaml --quiet'",
                                    name));
    }
    throw UserError(ExitCode::usage, fmt::format("unknown command '{}'{}; 'kickdrum --help' lists them all",
                                                 name, did_you_mean(name, command_names())));
}

// The last word on errors: what the user can mend is said in full, what only we can mend is called so.
ExitCode guarded(const std::vector<std::string>& words) {
    try {
        return dispatch(words);
    } catch (const UserError& error) {
        for (const auto& diagnostic : error.diagnostics()) print_error(to_string(diagnostic));
        return error.code();
    } catch (const DeviceError& error) {
        print_error(fmt::format("error: {}; 'kickdrum devices' says what can be used here", error.what()));
        return ExitCode::environment;
    } catch (const std::bad_alloc&) {
        print_error(
            "error: out of memory; a smaller training.batch_size or features.size needs less, and 'kickdrum "
            "check' says how much");
    } catch (const std::exception& error) {
        print_error(
            fmt::format("error: internal: {}; this is a fault of Kickdrum, please report it with the "
                        "command and the experiment file",
                        error.what()));
    }
    return ExitCode::failed;
}

}  // namespace

int run_program(const std::vector<std::string>& words) {
    ExitCode code = guarded(words);
    // Whatever went through std::cout may still be on its way.
    try {
        print("");
    } catch (const UserError& error) {
        if (code == ExitCode::done) {
            print_error(error.what());
            code = error.code();
        }
    }
    return static_cast<int>(code);
}

}  // namespace kickdrum
