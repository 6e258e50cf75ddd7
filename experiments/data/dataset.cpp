// SPDX-License-Identifier: MIT
#include "experiments/data/dataset.h"

#include <stdexcept>

namespace kickdrum {

std::string_view to_string(Part part) {
    switch (part) {
        case Part::train: return "train";
        case Part::val: return "val";
        case Part::test: return "test";
    }
    throw std::logic_error("a part that is none of train, val and test");
}

}  // namespace kickdrum
