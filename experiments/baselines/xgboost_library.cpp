// SPDX-License-Identifier: MIT
#include "experiments/baselines/xgboost_library.h"

#include <fmt/format.h>

#include <stdexcept>

namespace kickdrum {

XgboostLibrary::XgboostLibrary()
    : library("XGBoost", {"libxgboost.so.0", "libxgboost.so"},
              "run scripts/install_dependencies.sh baselines (Debian's package is libxgboost0)") {
    library.load(version, "XGBoostVersion");
    library.load(error, "XGBGetLastError");
    library.load(rows, "XGDMatrixCreateFromMat_omp");
    library.load(set_floats, "XGDMatrixSetFloatInfo");
    library.load(free_rows, "XGDMatrixFree");
    library.load(create, "XGBoosterCreate");
    library.load(set, "XGBoosterSetParam");
    library.load(update, "XGBoosterUpdateOneIter");
    library.load(evaluate, "XGBoosterEvalOneIter");
    library.load(predict, "XGBoosterPredictFromDMatrix");
    library.load(slice, "XGBoosterSlice");
    library.load(rounds, "XGBoosterBoostedRounds");
    library.load(save, "XGBoosterSaveModelToBuffer");
    library.load(load, "XGBoosterLoadModelFromBuffer");
    library.load(score, "XGBoosterFeatureScore");
    library.load(free, "XGBoosterFree");
}

void XgboostLibrary::require(int returned) const {
    if (returned != 0) throw std::runtime_error(fmt::format("XGBoost: {}", error()));
}

}  // namespace kickdrum
