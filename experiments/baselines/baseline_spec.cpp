// SPDX-License-Identifier: MIT
#include "experiments/baselines/baseline_spec.h"

#include <algorithm>
#include <stdexcept>

namespace kickdrum {

std::string_view to_string(BaselineKind kind) {
    switch (kind) {
        case BaselineKind::svm: return "svm";
        case BaselineKind::logistic: return "logistic";
        case BaselineKind::random_forest: return "random_forest";
        case BaselineKind::xgboost: return "xgboost";
        case BaselineKind::lightgbm: return "lightgbm";
        case BaselineKind::vote: return "vote";
        case BaselineKind::results: return "results";
    }
    throw std::logic_error("a baseline without a name");
}

std::string_view to_string(Protocol protocol) {
    switch (protocol) {
        case Protocol::group: return "group";
        case Protocol::nested: return "nested";
        case Protocol::published: return "published";
    }
    throw std::logic_error("a protocol without a name");
}

const BaselineSpec* find_baseline(std::span<const BaselineSpec> baselines, std::string_view name) {
    const auto found = std::ranges::find(baselines, name, &BaselineSpec::name);
    return found == baselines.end() ? nullptr : &*found;
}

}  // namespace kickdrum
