// SPDX-License-Identifier: MIT
#include "experiments/baselines/lightgbm_library.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace kickdrum {
namespace {

// The one that the user names, and no other.
std::vector<std::string> files() {
    if (const char* file = std::getenv("KICKDRUM_LIGHTGBM")) return {file};
    return {KICKDRUM_LIGHTGBM_FILE, "lib_lightgbm.so"};
}

}  // namespace

LightgbmLibrary::LightgbmLibrary()
    : library("LightGBM", files(),
              "run scripts/install_dependencies.sh baselines, or name its lib_lightgbm.so in "
              "KICKDRUM_LIGHTGBM") {
    library.load(error, "LGBM_GetLastError");
    library.load(dataset_from_rows, "LGBM_DatasetCreateFromMat");
    library.load(dataset_set, "LGBM_DatasetSetField");
    library.load(dataset_free, "LGBM_DatasetFree");
    library.load(create, "LGBM_BoosterCreate");
    library.load(add_watched, "LGBM_BoosterAddValidData");
    library.load(update, "LGBM_BoosterUpdateOneIter");
    library.load(evaluate, "LGBM_BoosterGetEval");
    library.load(predict, "LGBM_BoosterPredictForMat");
    library.load(save, "LGBM_BoosterSaveModelToString");
    library.load(load, "LGBM_BoosterLoadModelFromString");
    library.load(count_features, "LGBM_BoosterGetNumFeature");
    library.load(importance, "LGBM_BoosterFeatureImportance");
    library.load(free, "LGBM_BoosterFree");
}

void LightgbmLibrary::require(int returned) const {
    if (returned != 0) throw std::runtime_error(fmt::format("LightGBM: {}", error()));
}

}  // namespace kickdrum
