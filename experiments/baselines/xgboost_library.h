// SPDX-License-Identifier: MIT
// The functions of XGBoost that are used, as its c_api.h declares them. Most return 0, or else error() says
// why.
#pragma once

#include <cstdint>

#include "experiments/baselines/shared_library.h"

namespace kickdrum {

struct XgboostLibrary {
    using Long = std::uint64_t;  // bst_ulong

    XgboostLibrary();  // throws UserError (exit code 4) where it isn't there

    SharedLibrary library;
    void (*version)(int* major, int* minor, int* patch);
    const char* (*error)();
    int (*rows)(const float* data, Long rows, Long columns, float missing, void** matrix, int threads);
    int (*set_floats)(void* matrix, const char* field, const float* values, Long count);
    int (*free_rows)(void* matrix);
    int (*create)(void* const matrices[], Long count, void** booster);
    int (*set)(void* booster, const char* name, const char* value);
    int (*update)(void* booster, int round, void* matrix);
    int (*evaluate)(void* booster, int round, void* matrices[], const char* names[], Long count,
                    const char** text);
    int (*predict)(void* booster, void* matrix, const char* options, const Long** shape, Long* dimensions,
                   const float** values);
    int (*slice)(void* booster, int first_round, int end_round, int step, void** sliced);
    int (*rounds)(void* booster, int* count);
    int (*save)(void* booster, const char* options, Long* size, const char** bytes);
    int (*load)(void* booster, const void* bytes, Long size);
    int (*score)(void* booster, const char* options, Long* features, const char*** names, Long* dimensions,
                 const Long** shape, const float** scores);
    int (*free)(void* booster);

    // Throws std::runtime_error with XGBoost's own words.
    void require(int returned) const;
};

}  // namespace kickdrum
