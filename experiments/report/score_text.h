// SPDX-License-Identifier: MIT
// A score in one line, for tables.
#pragma once

#include <string>
#include <string_view>

#include "experiments/runs/summary.h"

namespace kickdrum {

// "0.786 ± 0.012 [0.771, 0.801]"; a single run has its value alone, none a dash.
std::string mean_with_interval(const Summary& summary, std::string_view metric);

}  // namespace kickdrum
