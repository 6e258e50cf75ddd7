// SPDX-License-Identifier: MIT
// The functions of LightGBM that are used, as its c_api.h declares them. Each returns 0, or else error() says
// why.
#pragma once

#include <cstdint>

#include "experiments/baselines/shared_library.h"

namespace kickdrum {

struct LightgbmLibrary {
    static constexpr int kFloat32 = 0;
    static constexpr int kFloat64 = 1;

    LightgbmLibrary();  // throws UserError (exit code 4) where it isn't there

    SharedLibrary library;
    const char* (*error)();
    int (*dataset_from_rows)(const void* data, int type, std::int32_t rows, std::int32_t columns,
                             int row_major, const char* parameters, void* reference, void** dataset);
    int (*dataset_set)(void* dataset, const char* field, const void* values, int count, int type);
    int (*dataset_free)(void* dataset);
    int (*create)(void* dataset, const char* parameters, void** booster);
    int (*add_watched)(void* booster, void* dataset);
    int (*update)(void* booster, int* finished);
    int (*evaluate)(void* booster, int dataset, int* count, double* values);
    int (*predict)(void* booster, const void* data, int type, std::int32_t rows, std::int32_t columns,
                   int row_major, int kind, int first_round, int rounds, const char* parameters,
                   std::int64_t* count, double* values);
    int (*save)(void* booster, int first_round, int rounds, int importance, std::int64_t room,
                std::int64_t* size, char* text);
    int (*load)(const char* text, int* rounds, void** booster);
    int (*count_features)(void* booster, int* count);
    int (*importance)(void* booster, int rounds, int kind, double* values);
    int (*free)(void* booster);

    // Throws std::runtime_error with LightGBM's own words.
    void require(int returned) const;
};

}  // namespace kickdrum
