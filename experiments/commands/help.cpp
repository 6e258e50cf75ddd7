// SPDX-License-Identifier: MIT
// The help of the program and of each command, from what the command declares.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "experiments/commands/command.h"

namespace kickdrum {
namespace {

constexpr std::size_t kWidth = 96;
constexpr std::size_t kTermWidth = 26;

struct Row {
    std::string term;
    std::string text;
};

// The term, then its text from a fixed column on, broken between words.
std::string format_row(const Row& row) {
    std::string out = "  " + row.term;
    std::size_t column = out.size();
    if (column + 2 > kTermWidth) {
        out += '\n';
        column = 0;
    }
    out.append(kTermWidth - column, ' ');
    column = kTermWidth;
    std::size_t begin = 0;
    while (begin < row.text.size()) {
        std::size_t end = std::min(row.text.find(' ', begin), row.text.size());
        if (column > kTermWidth && column + 1 + (end - begin) > kWidth) {
            out += '\n';
            out.append(kTermWidth, ' ');
            column = kTermWidth;
        }
        if (column > kTermWidth) {
            out += ' ';
            ++column;
        }
        out.append(row.text, begin, end - begin);
        column += end - begin;
        begin = end + 1;
    }
    return out + '\n';
}

std::string option_term(const CLI::Option& option) {
    std::string term;
    for (const auto& name : option.get_snames()) term += "-" + name + ", ";
    for (const auto& name : option.get_lnames()) term += "--" + name;
    if (option.get_items_expected_max() > 0) term += " " + option.get_type_name();
    return term;
}

}  // namespace

std::string help_text(const Command& command) {
    CLI::App app;
    app.set_help_flag("-h,--help", "Print this help");
    app.set_version_flag("--version", "", "Print the version");
    const Work work = command.declare(app);
    std::string arguments;
    std::string options;
    std::string late_options;  // those that every command has
    for (const auto* option : app.get_options()) {
        if (option->get_positional()) {
            arguments += format_row({option->get_name(true), option->get_description()});
        } else if (option == app.get_help_ptr() || option == app.get_version_ptr()) {
            late_options += format_row({option_term(*option), option->get_description()});
        } else {
            options += format_row({option_term(*option), option->get_description()});
        }
    }
    std::string text = fmt::format("{}\n\nUsage: kickdrum {} {}{}[OPTIONS]\n", command.description,
                                   command.name, command.arguments, command.arguments.empty() ? "" : " ");
    if (!arguments.empty()) text += "\n" + arguments;
    text += "\nOptions:\n" + options + late_options;
    return text + fmt::format("\nExample:\n{}\n", command.example);
}

std::string program_help() {
    std::string text =
        "Kickdrum trains audio classifiers from a folder of labelled clips, and says how good they are.\n\n"
        "Usage: kickdrum COMMAND [OPTIONS]\n\nCommands:\n";
    for (const auto& command : commands()) {
        text += format_row({std::string(command.name), std::string(command.summary)});
    }
    return text +
           "\n'kickdrum COMMAND --help' shows a command's options and an example; 'kickdrum --version' the "
           "version.\n"
           "Exit codes: 0 done, 1 failed while running, 2 command line or experiment file wrong, 3 data "
           "wrong,\n"
           "4 device or library missing, 130 interrupted.\n";
}

}  // namespace kickdrum
