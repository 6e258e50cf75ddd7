// SPDX-License-Identifier: MIT
// Whether a stated probability means what it says: of the clips that got a class with 80 %, are 80 % right?
//
// Confidence is the probability of the predicted class. Predictions of the test part are sorted by it into
// ten bins of equal width. Expected calibration error of a run, over its bins b (Guo et al. 2017):
//   ECE = sum_b n_b / N * |share right in b - mean confidence in b|
#pragma once

#include <vector>

#include "experiments/runs/results.h"
#include "experiments/statistics/intervals.h"

namespace kickdrum {

struct CalibrationBin {
    double low = 0;  // low < confidence <= high
    double high = 0;
    int predictions = 0;    // of all runs together
    double confidence = 0;  // mean; 0 where there are none
    double accuracy = 0;
};

struct Calibration {
    std::vector<CalibrationBin> bins;  // all ten
    Description error;                 // ECE over the runs
    double confidence = 0;             // mean over all predictions
    double accuracy = 0;
};

// Of at least one run with predictions; throws InvalidArgument without.
Calibration calibration(const Results& results);

}  // namespace kickdrum
