// SPDX-License-Identifier: MIT
// kickdrum schema: the experiment file's JSON Schema.
#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/config/schema.h"
#include "experiments/studies/study_schema.h"

namespace kickdrum {
namespace {

Work declare(CLI::App& app) {
    const auto study = std::make_shared<bool>(false);
    add_flag(app, "--study", *study, "The schema of study files instead");
    return [study](const std::string&) {
        print(*study ? study_schema() : experiment_schema());
        return ExitCode::done;
    };
}

}  // namespace

Command schema_command() {
    return {.name = "schema",
            .summary = "Print the JSON Schema of the experiment file, for editors",
            .arguments = "",
            .description =
                "Prints the JSON Schema of the experiment file. Editors use it to complete keys and to\n"
                "mark mistakes; it has every key with its type, range, default and meaning. With\n"
                "--study, the schema of study files, but for the keys that variants change.",
            .example =
                "  kickdrum schema > kickdrum.schema.json\n"
                "  # then, as the first line of an experiment file:\n"
                "  # yaml-language-server: $schema=kickdrum.schema.json",
            .declare = declare};
}

}  // namespace kickdrum
