// SPDX-License-Identifier: MIT
// The labels of a table as a trainer reads them.
#pragma once

#include <vector>

#include "experiments/data/dataset.h"
#include "experiments/data/label_sets.h"
#include "nn/training/epoch_tables.h"

namespace kickdrum {

class DatasetLabels {
 public:
    explicit DatasetLabels(const ClipTable& table) : classes_(static_cast<int>(table.classes.size())) {
        for (const auto& clip : table.clips) labels_.labels.push_back(clip.label);
        if (table.sets) labels_ = set_table(labels_.labels, table.classes.size());
    }
    // The labels must outlive it.
    Dataset dataset(Tensor inputs) const {
        return {.inputs = inputs, .labels = labels_.labels, .classes = classes_, .label_sets = labels_.rows};
    }

 private:
    int classes_;
    SetTable labels_;
};

}  // namespace kickdrum
