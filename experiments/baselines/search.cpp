// SPDX-License-Identifier: MIT
#include "experiments/baselines/search.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "kernels/device/philox.h"
#include "nn/metrics/classification.h"

namespace kickdrum {
namespace {

double points_of(const RandomSearch& search) {
    double points = 1;
    for (const auto& [name, values] : search.grid) points *= static_cast<double>(values.size());
    return points;
}

// The point of a mixed-radix number.
Parameters point(const RandomSearch& search, const Parameters& base, std::size_t number) {
    Parameters parameters = base;
    for (const auto& [name, values] : search.grid) {
        parameters[name] = values[number % values.size()];
        number /= values.size();
    }
    return parameters;
}

}  // namespace

std::vector<Parameters> draw_parameters(const RandomSearch& search, const Parameters& base) {
    std::vector<Parameters> drawn;
    const double points = points_of(search);
    if (points <= search.draws) {
        for (std::size_t i = 0; i < static_cast<std::size_t>(points); ++i)
            drawn.push_back(point(search, base, i));
        return drawn;
    }
    const RandomStream stream = random_stream(search.seed, "baseline/search");
    std::set<Parameters> seen;
    for (std::uint64_t draw = 0; std::ssize(drawn) < search.draws; ++draw) {
        Parameters parameters = base;
        std::uint64_t step = 0;
        for (const auto& [name, values] : search.grid) {
            const std::uint32_t bits = philox(stream, draw, step++)[0];
            parameters[name] = values[uniform_below(bits, static_cast<std::uint32_t>(values.size()))];
        }
        if (seen.insert(parameters).second) drawn.push_back(std::move(parameters));
    }
    return drawn;
}

double macro_f1(const Matrix& probabilities, const std::vector<int>& labels) {
    std::vector<int> predicted;
    for (std::size_t i = 0; i < probabilities.rows; ++i) {
        const auto row = probabilities.row(i);
        predicted.push_back(static_cast<int>(std::ranges::max_element(row) - row.begin()));
    }
    return classify(labels, predicted, static_cast<int>(probabilities.columns)).macro_f1;
}

SearchResult random_search(const RandomSearch& search, const FitSpec& base,
                           const std::vector<SearchFold>& folds, ThreadPool* pool,
                           const std::function<bool()>& go_on) {
    const std::vector<Parameters> drawn = draw_parameters(search, base.parameters);
    std::vector<double> scores(drawn.size() * folds.size());
    std::atomic<bool> stopped = false;
    const auto fit = [&](std::int64_t task, int) {
        if (stopped || !go_on()) {
            stopped = true;
            return;
        }
        const auto index = static_cast<std::size_t>(task);
        const FitData& data = folds[index % folds.size()].data;
        FitSpec spec = base;
        spec.parameters = drawn[index / folds.size()];
        scores[index] = macro_f1(fit_classifier(spec, data)->probabilities(data.watch), data.watch_labels);
    };
    const auto tasks = static_cast<std::int64_t>(scores.size());
    if (pool != nullptr) {
        pool->parallel_for(tasks, fit);
    } else {
        for (std::int64_t task = 0; task < tasks; ++task) fit(task, 0);
    }
    SearchResult result{.best = drawn.front(), .score = -1, .interrupted = stopped};
    for (std::size_t d = 0; d < drawn.size(); ++d) {
        double sum = 0;
        for (std::size_t f = 0; f < folds.size(); ++f) sum += scores[d * folds.size() + f];
        const double score = sum / static_cast<double>(folds.size());
        if (score <= result.score) continue;
        result.score = score;
        result.best = drawn[d];
    }
    return result;
}

}  // namespace kickdrum
