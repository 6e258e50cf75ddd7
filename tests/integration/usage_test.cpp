// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include "tests/integration/program.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> kCommands = {"run",   "check",   "report", "demo-data",
                                            "split", "devices", "schema", "completion"};

// Wrong usage: exit code 2, nothing on stdout, one line per mistake on stderr.
void expect_refused(const std::vector<std::string>& words, const std::string& message) {
    const Outcome outcome = call(words);
    EXPECT_EQ(outcome.code, 2) << message;
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, AllOf(StartsWith("error: "), HasSubstr(message)));
}

TEST(Usage, HelpListsEveryCommand) {
    const Outcome outcome = call({"--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.err, IsEmpty());
    for (const auto& command : kCommands) EXPECT_THAT(outcome.out, HasSubstr("\n  " + command + " "));
}

TEST(Usage, EveryCommandHelpsWithAnExample) {
    for (const auto& command : kCommands) {
        const Outcome outcome = call({command, "--help"});
        EXPECT_EQ(outcome.code, 0) << command;
        EXPECT_THAT(outcome.err, IsEmpty());
        EXPECT_THAT(outcome.out, HasSubstr("Usage: kickdrum " + command));
        EXPECT_THAT(outcome.out, HasSubstr("\nExample:\n"));
        EXPECT_EQ(call({command, "-h"}).out, outcome.out);
    }
}

TEST(Usage, HelpFitsATerminal) {
    for (const auto& command : kCommands) {
        std::istringstream lines(call({command, "--help"}).out);
        for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
    }
}

TEST(Usage, VersionIsOneLine) {
    const Outcome outcome = call({"--version"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, StartsWith("kickdrum 0."));
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1);
    EXPECT_EQ(call({"run", "--version"}).out, outcome.out);
}

TEST(Usage, UnknownCommandNamesTheNearest) {
    expect_refused({"rnu"}, "unknown command 'rnu' (did you mean 'run'?)");
    expect_refused({"demodata"}, "(did you mean 'demo-data'?)");
    expect_refused({"xyzzy"}, "unknown command 'xyzzy'; 'kickdrum --help' lists them all");
}

TEST(Usage, NoCommandAndOptionsWithoutOne) {
    expect_refused({}, "'kickdrum --help' lists the commands");
    expect_refused({"--quiet"}, "options follow the command");
}

TEST(Usage, UnknownOptionsAreListedTogether) {
    const Outcome outcome = call({"run", "--thread", "3", "--qiet", "x.yaml"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("unknown option '--thread' (did you mean '--threads'?)"));
    EXPECT_THAT(outcome.err, HasSubstr("unknown option '--qiet' (did you mean '--quiet'?)"));
}

TEST(Usage, ValuesAreChecked) {
    expect_refused({"run", "x.yaml", "--threads", "0"}, "--threads must be a whole number from 1 to");
    expect_refused({"run", "x.yaml", "--threads", "two"}, "not 'two'");
    expect_refused({"run", "x.yaml", "--device", "gpu"}, "--device must be one of auto, cpu, cuda");
    expect_refused({"run", "x.yaml", "--out"}, "'--out' needs a value");
    expect_refused({"run", "x.yaml", "--quiet=maybe"}, "'--quiet' takes no value");
    expect_refused({"run", "x.yaml", "y.yaml"}, "'y.yaml' is one word too many");
    expect_refused({"completion", "tcsh"}, "must be one of bash, zsh, fish");
}

TEST(Usage, ArgumentsThatAreMissing) {
    expect_refused({"run"}, "'kickdrum run' needs an experiment file");
    expect_refused({"check"}, "'kickdrum check' needs an experiment file");
    expect_refused({"report"}, "needs at least one results folder");
    expect_refused({"split"}, "needs a label table");
    expect_refused({"demo-data"}, "needs the folder");
    expect_refused({"completion"}, "needs the name of a shell");
}

TEST(Usage, AFullDiskBehindStdoutIsAnError) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full here";
    const Outcome outcome = call({"devices"}, {.out_file = "/dev/full"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("error: can't write to the standard output"));
}

// The shell reports the code of the program, not of head.
TEST(Usage, AReaderThatGoesAwayIsNoError) {
    const std::string line =
        std::string("set -o pipefail; '") + KICKDRUM_PROGRAM + "' schema | true; exit $?";
    EXPECT_EQ(std::system(("bash -c \"" + line + "\"").c_str()), 0);
}

TEST(Usage, ClosedStreamsAreHarmless) {
    const std::string line = std::string("bash -c \"'") + KICKDRUM_PROGRAM + "' devices <&- >&- 2>&-\"";
    EXPECT_EQ(std::system(line.c_str()), 0);
}

}  // namespace
}  // namespace kickdrum
