// SPDX-License-Identifier: MIT
// Whether two models say the same.
#pragma once

#include "experiments/models/model_file.h"

namespace kickdrum {

// The largest difference of a probability between the two, over `clips` inputs of random numbers in [0, 1)
// (of Philox: the same each time), computed on the CPU. Throws InvalidArgument where they take other inputs
// or give other classes.
double largest_difference(const ModelFile& a, const ModelFile& b, int clips);

}  // namespace kickdrum
