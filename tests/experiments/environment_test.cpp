// SPDX-License-Identifier: MIT
#include "experiments/runs/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "experiments/diagnostics.h"
#include "kernels/device/context.h"

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(Environment, DescribesThisComputerAndProgram) {
    const Context context({.threads = 2});
    const Environment environment =
        describe_environment(context, "kickdrum run a.yaml", {{"conv2d_1", "direct"}});
    EXPECT_THAT(environment.version, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+.*"));
    EXPECT_THAT(environment.compiler, MatchesRegex("(GCC|Clang) .*"));
    EXPECT_EQ(environment.device, "cpu");
    EXPECT_EQ(environment.gpu, "");
    EXPECT_EQ(environment.math, "fp32");
    EXPECT_EQ(environment.simd, to_string(context.simd()));
    EXPECT_EQ(environment.threads, 2);
    EXPECT_GE(environment.processors, 1);
    EXPECT_GT(environment.memory_gib, 0);
    EXPECT_THAT(environment.os, HasSubstr("Linux"));
    EXPECT_THAT(environment.date, MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]+Z"));
    for (const auto* name :
         {"fmt", "libsndfile", "soxr", "yaml-cpp", "CLI11", "nlohmann-json", "Boost", "xxHash"}) {
        ASSERT_TRUE(environment.libraries.contains(name)) << name;
        EXPECT_THAT(environment.libraries.at(name), MatchesRegex("[0-9]+\\.[0-9]+.*")) << name;
    }
}

TEST(EnvironmentJson, ComesBack) {
    Environment environment = describe_environment(Context({.threads = 1}), "kickdrum run 'a b.yaml'",
                                                   {{"conv2d_2", "winograd"}, {"conv2d_1", "direct"}});
    environment.git_commit = "0123456789ab-dirty";
    environment.gpu = "NVIDIA H100";
    environment.driver = "580.65.06";
    environment.math = "bf16";
    environment.parallel_runs = 3;
    const Environment read = environment_from_json(to_json(environment));
    EXPECT_EQ(to_json(read), to_json(environment));
    EXPECT_THAT(read.implementations,
                ElementsAre(std::pair("conv2d_2", "winograd"), std::pair("conv2d_1", "direct")));
    EXPECT_EQ(read.libraries, environment.libraries);
    EXPECT_EQ(read.gpu, "NVIDIA H100");
    EXPECT_EQ(read.driver, "580.65.06");
    EXPECT_EQ(read.math, "bf16");
    EXPECT_EQ(read.parallel_runs, 3);
    EXPECT_EQ(read.command, "kickdrum run 'a b.yaml'");
}

TEST(EnvironmentJson, MissingKeysStayEmpty) {
    const Environment read = environment_from_json("{\"device\": \"cpu\"}");
    EXPECT_EQ(read.device, "cpu");
    EXPECT_EQ(read.threads, 0);
    EXPECT_TRUE(read.implementations.empty());
}

TEST(EnvironmentJson, RefusesWhatItDidntWrite) {
    for (const auto* text : {"", "{", "[]", "{\"threads\": \"many\"}", "{\"implementations\": {\"a\": 1}}"}) {
        EXPECT_THROW((void)environment_from_json(text), UserError) << text;
    }
}

// A shell takes the words back as they were.
TEST(JoinCommand, IsReadBackByTheShell) {
    const std::vector<std::string> words = {"kickdrum", "run",      "a b.yaml", "--set", "name=it's",
                                            "$HOME",    "star*\"q", "",         "x;y",   "ü=1"};
    const std::string command = "printf '<%s>' " + join_command(words);
    FILE* pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string seen;
    std::array<char, 256> chunk{};
    while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), pipe))
        seen.append(chunk.data(), count);
    ::pclose(pipe);
    std::string expected;
    for (const auto& word : words) expected += '<' + word + '>';
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(join_command({"kickdrum", "run", "--set", "a.b=1", "x/y.yaml"}),
              "kickdrum run --set a.b=1 x/y.yaml");
}

}  // namespace
}  // namespace kickdrum
