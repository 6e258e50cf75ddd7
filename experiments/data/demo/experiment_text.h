// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace kickdrum::demo {

// experiments/configs/demo.yaml, as it was when the program was built.
std::string_view experiment_text();

}  // namespace kickdrum::demo
