// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace kickdrum {

// What yaml-cpp's terse message means to someone who writes a file by hand.
std::string plain_yaml_message(const std::string& message);

}  // namespace kickdrum
