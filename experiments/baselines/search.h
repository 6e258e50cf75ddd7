// SPDX-License-Identifier: MIT
// Random search over a grid of parameters, by mean macro F1 over folds.
#pragma once

#include <functional>
#include <vector>

#include "experiments/baselines/classifier.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {

// What candidates are judged by: rows to fit on and rows to score.
struct SearchFold {
    FitData data;  // of which watch, watch_labels are what is scored; stopping early is by them, too
};

struct SearchResult {
    Parameters best;
    double score = 0;
    bool interrupted = false;
};

// Different points of the grid, each equally likely: all of it where it holds no more than `draws`.
std::vector<Parameters> draw_parameters(const RandomSearch& search, const Parameters& base);

// Of equal candidates the first. `pool` may be null; the result doesn't depend on it. `go_on` is asked before
// each fit.
SearchResult random_search(const RandomSearch& search, const FitSpec& base,
                           const std::vector<SearchFold>& folds, ThreadPool* pool,
                           const std::function<bool()>& go_on);

// Mean F1 over all classes.
double macro_f1(const Matrix& probabilities, const std::vector<int>& labels);

}  // namespace kickdrum
