// SPDX-License-Identifier: MIT
// A command of the program: `kickdrum run`, `kickdrum devices`, ... Each is one file in this folder that
// declares its options and does its work; commands.cpp lists them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "experiments/diagnostics.h"

namespace CLI {
class App;
}

namespace kickdrum {

// Does what the options ask for. `command_line` is the whole line as typed, ready for a shell. Throws
// UserError.
using Work = std::function<ExitCode(const std::string& command_line)>;

struct Command {
    std::string_view name;
    std::string_view summary;      // one line, for the list of commands
    std::string_view arguments;    // as the usage line shows them: "EXPERIMENT.yaml"
    std::string_view description;  // what --help says first; lines of at most 88 characters
    std::string_view example;      // one or more whole lines
    Work (*declare)(CLI::App& app);
};

// In the order in which a user meets them.
std::span<const Command> commands();
const Command* find_command(std::string_view name);  // null where there is none

// What `kickdrum COMMAND --help` and `kickdrum --help` print.
std::string help_text(const Command& command);
std::string program_help();

}  // namespace kickdrum
