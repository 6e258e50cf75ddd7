// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

#include "dsp/features/frame_matrix.h"
#include "dsp/features/statistics.h"

namespace kickdrum {

// A clip's row of features with their names, under construction.
class FeatureRow {
 public:
    void add(std::string name, double value) {
        names.push_back(std::move(name));
        values.push_back(static_cast<float>(value));
    }
    void add_mean_and_sd(const std::string& name, std::span<const float> row) {
        add(name + "_mean", mean_of(row));
        add(name + "_sd", sd_of(row));
    }
    void add_rows(const std::string& name, const FrameMatrix& matrix) {
        for (int r = 0; r < matrix.rows; ++r) {
            add_mean_and_sd(matrix.rows == 1 ? name : fmt::format("{}_{}", name, r), matrix.row(r));
        }
    }

    std::vector<std::string> names;
    std::vector<float> values;
};

}  // namespace kickdrum
