// SPDX-License-Identifier: MIT
// The leak check in state.json and in what `check --json` prints.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "experiments/runs/leak_check.h"

namespace kickdrum {

nlohmann::ordered_json to_json(const LeakCheck& leaks);
// Throws the library's exceptions where something is missing or of another type.
LeakCheck leak_check_from(const nlohmann::ordered_json& json);

}  // namespace kickdrum
