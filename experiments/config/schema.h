// SPDX-License-Identifier: MIT
// JSON Schema of the experiment file, for editors that check and complete YAML.
#pragma once

#include <string>

namespace kickdrum {

// Draft 2020-12, with types, ranges, defaults and meanings, built from the functions that also read the file.
// What depends on several keys (class weights by class, shapes of layers) is left to `kickdrum check`.
std::string experiment_schema();

}  // namespace kickdrum
