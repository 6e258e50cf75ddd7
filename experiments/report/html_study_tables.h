// SPDX-License-Identifier: MIT
// The tables of a study's report, each as markup.
#pragma once

#include <string>
#include <string_view>

#include "experiments/studies/study_results.h"

namespace kickdrum::html {

// Of a variant against the first one; null where there is none.
const MetricDifference* difference_of(const VariantResults& variant, std::string_view metric);

std::string variants_table(const StudyResults& study);  // by validation, with the difference to the first
std::string tests_section(const StudyResults& study);   // every test of every difference, and what it's worth
std::string study_methods(const StudyResults& study);   // what each number is, with its n
// What these numbers of runs can't decide; empty where they can.
std::string power_warning(const StudyResults& study);

}  // namespace kickdrum::html
