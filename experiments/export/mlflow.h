// SPDX-License-Identifier: MIT
// Finished runs in the file store that MLflow reads (`mlflow ui --backend-store-uri FOLDER`): an experiment
// of the study's name, in it each run with its parameters, its history as metrics, and its scores.
#pragma once

#include <filesystem>

#include "experiments/runs/results.h"

namespace kickdrum {

// Written again, the same runs take the place of the old ones. Errors are UserErrors.
void write_mlflow(const std::filesystem::path& store, const Results& results);

}  // namespace kickdrum
