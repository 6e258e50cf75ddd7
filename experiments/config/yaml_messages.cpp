// SPDX-License-Identifier: MIT
#include "experiments/config/yaml_messages.h"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>

#include <array>
#include <string_view>
#include <utility>

namespace kickdrum {

std::string plain_yaml_message(const std::string& message) {
    namespace E = YAML::ErrorMsg;
    static const std::array<std::pair<std::string_view, std::string_view>, 14> sentences{{
        {E::TAB_IN_INDENTATION, "a tab stands where the line is indented; YAML wants spaces"},
        {E::END_OF_MAP,
         "this line doesn't fit the block around it; keys of one block begin in the same column and end with "
         "':'"},
        {E::END_OF_MAP_FLOW, "a '}' or a ',' is missing here, or in a line before"},
        {E::END_OF_SEQ,
         "this line doesn't fit the list around it; its items begin with '- ' in the same column"},
        {E::END_OF_SEQ_FLOW, "a ']' or a ',' is missing here, or in a line before"},
        {E::MAP_VALUE, "there is a second ': ' in this line; put text that contains ': ' in quotes"},
        {E::MAP_KEY, "a key can't begin here; check the indentation"},
        {E::BLOCK_ENTRY, "a list item ('- ') can't begin here; give it a line of its own"},
        {E::EOF_IN_SCALAR, "a text in quotes is not closed before the end of the file"},
        {E::DOC_IN_SCALAR, "a text in quotes is not closed before '---' or '...'"},
        {E::FLOW_END, "a ']' or '}' closes what was not opened"},
        {E::UNKNOWN_TOKEN, "no value can begin with this character; put the text in quotes"},
        {E::UNKNOWN_ANCHOR,
         "an alias ('*name') has no anchor ('&name'); put text that begins with '*' in quotes"},
        {E::ALIAS_NOT_FOUND,
         "a '*' needs the name of an alias behind it; put text that begins with '*' in quotes"},
    }};
    for (const auto& [known, sentence] : sentences) {
        if (message.starts_with(known)) return std::string(sentence);
    }
    return fmt::format("this can't be read as YAML ({})", message);
}

}  // namespace kickdrum
