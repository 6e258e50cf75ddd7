// SPDX-License-Identifier: MIT
// JSON Schema of study files (study_file.h), for editors that check and complete YAML.
#pragma once

#include <string>

namespace kickdrum {

// Draft 2020-12. Paths of keys and the values that variants give them are left to `kickdrum check`.
std::string study_schema();

}  // namespace kickdrum
