// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "dsp/log_mel_kernels.h"
#include "dsp/mel_filterbank.h"

namespace kickdrum {

// Mel bands in one piece, as the kernels take them.
class FlatBands {
 public:
    explicit FlatBands(const std::vector<MelBand>& bands) {
        for (const MelBand& band : bands) {
            first_bin_.push_back(band.first_bin);
            weights_.insert(weights_.end(), band.weights.begin(), band.weights.end());
            end_.push_back(static_cast<int>(weights_.size()));
        }
    }

    MelBands view() const {
        return {.count = static_cast<int>(end_.size()),
                .first_bin = first_bin_.data(),
                .end = end_.data(),
                .weights = weights_.data()};
    }

 private:
    std::vector<int> first_bin_;
    std::vector<int> end_;
    std::vector<float> weights_;
};

}  // namespace kickdrum
