// SPDX-License-Identifier: MIT
#include "experiments/report/score_text.h"

#include <fmt/format.h>

namespace kickdrum {

std::string mean_with_interval(const Summary& summary, std::string_view metric) {
    const MetricSummary* found = summary.find(metric);
    if (found == nullptr) return "-";
    std::string text = format_metric(metric, found->mean);
    if (found->sd) text += " ± " + format_metric(metric, *found->sd);
    if (found->ci95) {
        text += fmt::format(" [{}, {}]", format_metric(metric, found->ci95->low),
                            format_metric(metric, found->ci95->high));
    }
    return text;
}

}  // namespace kickdrum
