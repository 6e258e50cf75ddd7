// SPDX-License-Identifier: MIT
// kickdrum completion: scripts that let a shell complete commands, options and the words that an option
// takes. File names are the shell's own business.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"

namespace kickdrum {
namespace {

struct CompletedOption {
    std::string name;  // "--device"
    std::string description;
    std::string type;                  // empty: a flag
    std::vector<std::string> choices;  // empty: anything, mostly a file
};

std::vector<std::string> choices_of(const std::string& type) {
    std::vector<std::string> choices;
    if (type.find('|') == std::string::npos) return choices;
    std::size_t begin = 0;
    for (;;) {
        const auto bar = type.find('|', begin);
        choices.push_back(type.substr(begin, bar - begin));
        if (bar == std::string::npos) return choices;
        begin = bar + 1;
    }
}

std::vector<CompletedOption> options_of(const Command& command) {
    CLI::App app;
    app.set_help_flag("--help", "Print the help");
    const Work work = command.declare(app);
    std::vector<CompletedOption> options;
    for (const auto* option : app.get_options()) {
        if (option->get_positional()) continue;
        const bool flag = option->get_items_expected_max() == 0;
        const std::string type = flag ? std::string() : option->get_type_name();
        for (const auto& name : option->get_lnames()) {
            options.push_back({.name = "--" + name,
                               .description = option->get_description(),
                               .type = type,
                               .choices = choices_of(type)});
        }
    }
    return options;
}

// The words that may stand as the command's argument: the shells, for `completion` itself.
std::vector<std::string> arguments_of(const Command& command) {
    return choices_of(std::string(command.arguments));
}

// As one word of a shell, in single quotes.
std::string quoted(std::string_view text, std::string_view quote_inside) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += quote_inside;
        } else {
            out += c;
        }
    }
    return out + "'";
}

std::string bash_script() {
    std::vector<std::string_view> names;
    std::string values;
    std::string words;
    for (const auto& command : commands()) {
        names.push_back(command.name);
        std::vector<std::string> options;
        for (const auto& option : options_of(command)) {
            options.push_back(option.name);
            if (option.choices.empty()) continue;
            values += fmt::format("        \"{} {}\") words=\"{}\" ;;\n", command.name, option.name,
                                  fmt::join(option.choices, " "));
        }
        words += fmt::format("        {}) options=\"{}\" arguments=\"{}\" ;;\n", command.name,
                             fmt::join(options, " "), fmt::join(arguments_of(command), " "));
    }
    return fmt::format(
        R"(# Completion of kickdrum for bash: source <(kickdrum completion bash)
_kickdrum() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}
    local words="" options="" arguments=""
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "{} --help --version" -- "$current"))
        return
    fi
    case "$command $previous" in
{}    esac
    case "$command" in
{}    esac
    if [[ -n $words ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    elif [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    elif [[ -n $arguments ]]; then
        COMPREPLY=($(compgen -W "$arguments" -- "$current"))
    fi
}}
complete -o default -F _kickdrum kickdrum
)",
        fmt::join(names, " "), values, words);
}

// Brackets and colons mean something to _arguments.
std::string zsh_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_script() {
    std::string names;
    std::string cases;
    for (const auto& command : commands()) {
        names += fmt::format(
            "        {}\n", quoted(fmt::format("{}:{}", command.name, zsh_text(command.summary)), R"('\'')"));
        cases += fmt::format("        {}) _arguments", command.name);
        for (const auto& option : options_of(command)) {
            std::string spec = fmt::format("*{}[{}]", option.name, zsh_text(option.description));
            if (!option.choices.empty()) {
                spec += fmt::format(":value:({})", fmt::join(option.choices, " "));
            } else if (!option.type.empty()) {
                spec += fmt::format(":{}:_files", zsh_text(option.type));
            }
            cases += " \\\n            " + quoted(spec, R"('\'')");
        }
        const auto arguments = arguments_of(command);
        cases += fmt::format(
            " \\\n            {} ;;\n",
            arguments.empty() ? "'*:file:_files'" : fmt::format("'*:value:({})'", fmt::join(arguments, " ")));
    }
    return fmt::format(
        R"(#compdef kickdrum
# Completion of kickdrum for zsh: source <(kickdrum completion zsh), or this text as _kickdrum in a folder of $fpath
_kickdrum() {{
    local -a commands=(
{}    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
{}    esac
}}
if [[ $funcstack[1] == _kickdrum ]]; then
    _kickdrum "$@"
else
    compdef _kickdrum kickdrum
fi
)",
        names, cases);
}

std::string fish_script() {
    std::string text =
        "# Completion of kickdrum for fish: kickdrum completion fish | source\n"
        "complete -c kickdrum -n __fish_use_subcommand -l help -d 'Print the help'\n"
        "complete -c kickdrum -n __fish_use_subcommand -l version -d 'Print the version'\n";
    for (const auto& command : commands()) {
        text += fmt::format("complete -c kickdrum -n __fish_use_subcommand -f -a {} -d {}\n", command.name,
                            quoted(command.summary, R"(\')"));
        const std::string here = fmt::format("'__fish_seen_subcommand_from {}'", command.name);
        for (const auto& option : options_of(command)) {
            std::string value;
            if (!option.choices.empty()) {
                value = fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
            } else if (!option.type.empty()) {
                value = " -r";
            }
            text += fmt::format("complete -c kickdrum -n {} -l {}{} -d {}\n", here, option.name.substr(2),
                                value, quoted(option.description, R"(\')"));
        }
        const auto arguments = arguments_of(command);
        if (!arguments.empty()) {
            text += fmt::format("complete -c kickdrum -n {} -f -a '{}'\n", here, fmt::join(arguments, " "));
        }
    }
    return text;
}

Work declare(CLI::App& app) {
    const auto shell = std::make_shared<std::string>();
    add_choice_option(app, "SHELL", *shell, {"bash", "zsh", "fish"}, "bash, zsh or fish");
    return [shell](const std::string&) {
        require_argument("completion", "the name of a shell: bash, zsh or fish", !shell->empty());
        print(*shell == "bash" ? bash_script() : *shell == "zsh" ? zsh_script() : fish_script());
        return ExitCode::done;
    };
}

}  // namespace

Command completion_command() {
    return {.name = "completion",
            .summary = "Print a script that completes commands and options in a shell",
            .arguments = "bash|zsh|fish",
            .description =
                "Prints a script for your shell: with it, the Tab key completes Kickdrum's commands,\n"
                "options and their values.",
            .example = "  source <(kickdrum completion bash)     # in ~/.bashrc",
            .declare = declare};
}

}  // namespace kickdrum
