// SPDX-License-Identifier: MIT
// YAML as a tree with places, and the reader of keys on top of it.
#include "experiments/config/yaml_reader.h"

#include <gmock/gmock.h>

#include "experiments/nearest_name.h"

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts_of(const Problems& problems) {
    std::vector<std::string> list;
    for (const auto& problem : problems.list()) list.push_back(to_string(problem));
    return list;
}

std::vector<std::string> yaml_problems(const std::string& text) {
    Problems problems;
    parse_yaml(text, "f", problems);
    return texts_of(problems);
}

std::vector<std::string> read_problems(const std::string& text, const Section& section) {
    Problems problems;
    const auto root = parse_yaml(text, "f", problems);
    YamlReader reader(*root, "block", problems);
    section(reader);
    reader.finish();
    return texts_of(problems);
}

TEST(YamlValue, EveryValueKnowsItsPlace) {
    Problems problems;
    const auto root = parse_yaml("a: 1\nb:\n  - x\n  - {c: \"2\", d:}\n", "f", problems);
    ASSERT_TRUE(root && problems.empty());
    const YamlEntry* b = root->find("b");
    EXPECT_EQ(b->line, 2);
    EXPECT_EQ(b->column, 1);
    const YamlValue& item = b->value.items[1];
    EXPECT_EQ(item.line, 4);
    EXPECT_EQ(item.column, 5);
    EXPECT_EQ(item.entries[0].value.column, 9);
    EXPECT_TRUE(item.entries[0].value.quoted);
    EXPECT_EQ(item.entries[1].value.kind, YamlValue::Kind::null);
    EXPECT_EQ(item.entries[1].value.line, 4);
}

TEST(YamlValue, DuplicateKeysAreMistakes) {
    EXPECT_THAT(
        yaml_problems("a: 1\nb: {c: 1, c: 2}\na: 3\n"),
        ElementsAre("f:2:11: error: 'c' stands here for the second time (first in line 2); keep one of them",
                    "f:3:1: error: 'a' stands here for the second time (first in line 1); keep one of them"));
}

TEST(YamlValue, BrokenYamlIsExplained) {
    EXPECT_THAT(yaml_problems("a:\n\tb: 1\n"),
                ElementsAre("f:2:1: error: a tab stands where the line is indented; YAML wants spaces"));
    EXPECT_THAT(yaml_problems("a: {b: 1\nc: 2\n"),
                ElementsAre("f:2:2: error: a '}' or a ',' is missing here, or in a line before"));
    EXPECT_THAT(yaml_problems("a: [1, 2\n"),
                ElementsAre("f:2:1: error: a ']' or a ',' is missing here, or in a line before"));
    EXPECT_THAT(
        yaml_problems("a: b: c\n"),
        ElementsAre(
            "f:1:5: error: there is a second ': ' in this line; put text that contains ': ' in quotes"));
    EXPECT_THAT(
        yaml_problems("a: 1\n  b: 2\n"),
        ElementsAre(
            "f:2:4: error: there is a second ': ' in this line; put text that contains ': ' in quotes"));
    EXPECT_THAT(yaml_problems("a: \"text\n"),
                ElementsAre("f:1:4: error: the quotes that open here are never closed"));
    EXPECT_THAT(yaml_problems("a: 1\nb: [\"text"),
                ElementsAre("f:2:10: error: a text in quotes is not closed before the end of the file"));
    EXPECT_THAT(yaml_problems("a: \"closed \\\" here\"\nb: 'it''s'\nc: |\n  \"block\n"), IsEmpty());
    EXPECT_THAT(yaml_problems("a: @b\n"),
                ElementsAre("f:1:4: error: no value can begin with this character; put the text in quotes"));
    EXPECT_THAT(
        yaml_problems("a: *b\n"),
        ElementsAre("f:1:4: error: an alias ('*name') has no anchor ('&name'); put text that begins with '*' "
                    "in quotes"));
    EXPECT_THAT(
        yaml_problems("a: 1\n---\nb: 2\n"),
        ElementsAre("f:3:1: error: a second document begins here ('---'); one file holds one experiment"));
    EXPECT_THAT(yaml_problems("a: !binary b\n"),
                ElementsAre("f:1:4: error: the tag '!binary' means nothing here; leave it out"));
    EXPECT_THAT(yaml_problems("[a, b]: 1\n"), ElementsAre("f:1:1: error: a key must be a plain word"));
}

TEST(YamlValue, AliasesAreCopiesAndCannotGrowWithoutEnd) {
    Problems problems;
    const auto root = parse_yaml("a: &x {b: 1}\nc: *x\n", "f", problems);
    EXPECT_EQ(root->find("c")->value.find("b")->value.text, "1");
    EXPECT_THAT(yaml_problems("a: &x [*x]\n"),
                ElementsAre("f:1:8: error: an alias can't stand inside of what it refers to"));
    std::string laughs = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n";
    for (int i = 1; i < 12; ++i) {
        laughs += fmt::format("a{}: &a{} [*a{}, *a{}, *a{}, *a{}]\n", i, i, i - 1, i - 1, i - 1, i - 1);
    }
    EXPECT_THAT(yaml_problems(laughs),
                ElementsAre(testing::HasSubstr("too many values for an experiment file")));
    EXPECT_THAT(yaml_problems(std::string(5000, '[')), testing::SizeIs(1));
}

TEST(YamlValue, IsWrittenAsItIsRead) {
    const std::string text =
        "name: \"with: colon, \\\"quotes\\\" and \\\\\"\n"
        "empty: []\n"
        "list: [1, two, \"#3\"]\n"
        "block:\n"
        "  inner:\n"
        "    deep: 1\n"
        "  items:\n"
        "    - word\n"
        "    - key:\n"
        "        sub: [a]\n"
        "      other: 2\n";
    Problems problems;
    const auto root = parse_yaml(text, "f", problems);
    ASSERT_TRUE(root && problems.empty());
    EXPECT_EQ(to_yaml(*root), text);
}

TEST(YamlReader, NamesTypeAndRange) {
    int whole = 7;
    double share = 0.5;
    bool flag = true;
    const auto section = [&](Fields& fields) {
        fields.integer({"whole", "a count"}, whole, {1, 9});
        fields.number({"share", "a share"}, share, {.low = 0, .high = 1, .without_high = true});
        fields.boolean({"flag", "a flag"}, flag);
    };
    EXPECT_THAT(read_problems("whole: 3\nshare: 1.5e-1\nflag: false\n", section), IsEmpty());
    EXPECT_EQ(whole, 3);
    EXPECT_EQ(share, 0.15);
    EXPECT_FALSE(flag);
    EXPECT_THAT(read_problems("whole: 10\nshare: 1\nflag: yes\n", section),
                ElementsAre("f:1:8: error: 'block.whole' is '10'; expected a whole number from 1 to 9",
                            "f:2:8: error: 'block.share' is '1'; expected a number of at least 0 and below 1",
                            "f:3:7: error: 'block.flag' is 'yes'; expected true or false"));
    EXPECT_THAT(
        read_problems("whole: 3.0\nshare: .nan\nflag: \"true\"\n", section),
        ElementsAre("f:1:8: error: 'block.whole' is '3.0'; expected a whole number from 1 to 9",
                    "f:2:8: error: 'block.share' is '.nan'; expected a number of at least 0 and below 1",
                    "f:3:7: error: 'block.flag' is the text \"true\"; expected true or false"));
    EXPECT_THAT(
        read_problems("whole: [3]\nshare: {a: 1}\nflag:\n", section),
        ElementsAre(
            "f:1:8: error: 'block.whole' is a list; expected a whole number from 1 to 9",
            "f:2:8: error: 'block.share' is a block of keys; expected a number of at least 0 and below 1",
            "f:3:1: error: 'block.flag' has no value (a flag)"));
    EXPECT_THAT(read_problems("whole: 99999999999999999999\n", section), testing::SizeIs(1));
    EXPECT_EQ(whole, 3) << "a value with a mistake leaves the default";
}

TEST(YamlReader, UnknownKeysNameTheNearest) {
    int value = 0;
    const auto section = [&](Fields& fields) {
        fields.integer({"learning_rate", "", true}, value, {});
        fields.integer({"kernel", ""}, value, {});
    };
    EXPECT_THAT(read_problems("learning_rate: 1\nkernal: 2\n", section),
                ElementsAre("f:2:1: error: unknown key 'kernal' in 'block' (did you mean 'kernel'?)"));
    EXPECT_THAT(
        read_problems("colour: 1\n", section),
        ElementsAre("f:1:1: error: 'block.learning_rate' is missing ()",
                    "f:1:1: error: unknown key 'colour' in 'block'; known are learning_rate, kernel"));
}

TEST(NearestName, FindsWhatWasMeant) {
    const std::vector<std::string> names{"learning_rate", "batch_size", "dropout",
                                         "max_pool2d",    "kernel",     "size"};
    EXPECT_EQ(nearest_name("droput", names), "dropout");
    EXPECT_EQ(nearest_name("dropuot", names), "dropout");
    EXPECT_EQ(nearest_name("MaxPool2D", names), "max_pool2d");
    EXPECT_EQ(nearest_name("MaxPooling2D", names), "max_pool2d");
    EXPECT_EQ(nearest_name("lr", names), "learning_rate");
    EXPECT_EQ(nearest_name("kernel_size", names), "kernel");
    EXPECT_EQ(nearest_name("pool_size", names), "size");
    EXPECT_EQ(nearest_name("batchsize", names), "batch_size");
    EXPECT_EQ(nearest_name("verbose", names), std::nullopt);
    EXPECT_EQ(nearest_name("", names), std::nullopt);
    EXPECT_EQ(did_you_mean("colour", names), "");
}

}  // namespace
}  // namespace kickdrum
