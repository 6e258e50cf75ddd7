// SPDX-License-Identifier: MIT
// docs/commands.md is what the program's own help says. After a change of options:
//   KICKDRUM_UPDATE_DOCS=1 build/cpu/tests/integration_tests --gtest_filter='Docs.*'
#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

// The commands, as the program lists them.
std::vector<std::string> listed_commands(const std::string& help) {
    std::vector<std::string> names;
    std::istringstream lines(help.substr(help.find("Commands:\n") + 10));
    for (std::string line; std::getline(lines, line) && line.starts_with("  ");) {
        std::istringstream words(line);
        words >> names.emplace_back();
    }
    return names;
}

std::string page() {
    const std::string help = call({"--help"}).out;
    std::string text =
        "# Commands\n\n"
        "What `kickdrum --help` and `kickdrum COMMAND --help` print; a test keeps this page so. Errors go to "
        "stderr,\n"
        "one line each, with the file, line and column where one is to blame. Where `--json` is given, "
        "stdout holds "
        "one\nJSON document and nothing else.\n\n```text\n" +
        help + "```\n";
    for (const auto& command : listed_commands(help)) {
        text += "\n## kickdrum " + command + "\n\n```text\n" + call({command, "--help"}).out + "```\n";
    }
    return text;
}

TEST(Docs, CommandsPageIsTheHelp) {
    const std::filesystem::path file = std::filesystem::path(KICKDRUM_SOURCE_DIR) / "docs/commands.md";
    if (std::getenv("KICKDRUM_UPDATE_DOCS") != nullptr) write_text(file, page());
    EXPECT_EQ(text_of(file), page())
        << "update it: KICKDRUM_UPDATE_DOCS=1 integration_tests --gtest_filter='Docs.*'";
}

}  // namespace
}  // namespace kickdrum
