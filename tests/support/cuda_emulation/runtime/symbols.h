// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace kickdrum::emulation {

// The name of a function of this program, from its table of symbols: without namespaces, template arguments
// and parameters ("unpool_kernel"). Empty where the program has no such table, or no such function.
std::string function_name(const void* function);

}  // namespace kickdrum::emulation
