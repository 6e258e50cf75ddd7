// SPDX-License-Identifier: MIT
#include <array>

#include "experiments/commands/all_commands.h"

namespace kickdrum {

std::span<const Command> commands() {
    static const std::array kCommands = {
        run_command(),     check_command(),    resume_command(),   report_command(), demo_data_command(),
        clips_command(),   features_command(), melgrams_command(), split_command(),  predict_command(),
        inspect_command(), convert_command(),  devices_command(),  schema_command(), completion_command()};
    return kCommands;
}

const Command* find_command(std::string_view name) {
    for (const auto& command : commands()) {
        if (command.name == name) return &command;
    }
    return nullptr;
}

}  // namespace kickdrum
