// SPDX-License-Identifier: MIT
#include "experiments/baselines/logistic.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "experiments/baselines/lbfgs.h"
#include "experiments/baselines/softmax.h"

namespace kickdrum {
namespace {

// Of each class: a weight per feature, then the intercept.
class LogisticModel : public Classifier {
 public:
    LogisticModel(std::size_t classes, std::vector<double> weights)
        : classes_(classes), weights_(std::move(weights)) {}

    Matrix probabilities(const Matrix& rows) const override {
        Matrix result(rows.rows, classes_);
        const std::size_t stride = rows.columns + 1;
        for (std::size_t i = 0; i < rows.rows; ++i) {
            const auto row = rows.row(i);
            for (std::size_t c = 0; c < classes_; ++c) {
                const double* weights = weights_.data() + c * stride;
                result.row(i)[c] = std::inner_product(row.begin(), row.end(), weights, weights[rows.columns]);
            }
            softmax(result.row(i));
        }
        return result;
    }

    nlohmann::ordered_json to_json() const override { return {{"classes", classes_}, {"weights", weights_}}; }

 private:
    std::size_t classes_;
    std::vector<double> weights_;
};

// The objective over the number of clips and C, so that its tolerance means the same for any of them.
double loss_and_gradient(const FitData& data, std::span<const double> clip_weight, double c,
                         std::span<const double> weights, std::span<double> gradient) {
    const std::size_t features = data.train.columns;
    const std::size_t stride = features + 1;
    const auto classes = static_cast<std::size_t>(data.classes);
    const auto n = static_cast<double>(data.train.rows);
    std::fill(gradient.begin(), gradient.end(), 0.0);
    double loss = 0;
    std::vector<double> p(classes);
    for (std::size_t i = 0; i < data.train.rows; ++i) {
        const auto row = data.train.row(i);
        for (std::size_t k = 0; k < classes; ++k) {
            const double* w = weights.data() + k * stride;
            p[k] = std::inner_product(row.begin(), row.end(), w, w[features]);
        }
        softmax(p);
        const auto label = static_cast<std::size_t>(data.labels[i]);
        loss -= clip_weight[i] * std::log(std::max(p[label], 1e-300)) / n;
        p[label] -= 1;
        for (std::size_t k = 0; k < classes; ++k) {
            const double factor = clip_weight[i] * p[k] / n;
            double* g = gradient.data() + k * stride;
            for (std::size_t f = 0; f < features; ++f) g[f] += factor * row[f];
            g[features] += factor;
        }
    }
    for (std::size_t k = 0; k < classes; ++k) {
        for (std::size_t f = 0; f < features; ++f) {
            const double w = weights[k * stride + f];
            loss += w * w / (2 * c * n);
            gradient[k * stride + f] += w / (c * n);
        }
    }
    return loss;
}

}  // namespace

std::unique_ptr<Classifier> fit_logistic(const FitSpec& spec, const FitData& data) {
    constexpr double kTolerance = 1e-6;
    const auto classes = static_cast<std::size_t>(data.classes);
    const std::vector<double> clip_weight = clip_weights(data.labels, data.classes, spec.balanced);
    std::vector<double> weights(classes * (data.train.columns + 1));
    minimize(
        [&](std::span<const double> x, std::span<double> gradient) {
            return loss_and_gradient(data, clip_weight, spec["c"], x, gradient);
        },
        weights, spec.whole("iterations"), kTolerance);
    return std::make_unique<LogisticModel>(classes, std::move(weights));
}

std::unique_ptr<Classifier> logistic_from_json(const nlohmann::ordered_json& json) {
    const auto classes = json.at("classes").get<std::size_t>();
    auto weights = json.at("weights").get<std::vector<double>>();
    if (classes == 0 || weights.size() % classes != 0)
        throw std::invalid_argument("weights don't fit the classes");
    return std::make_unique<LogisticModel>(classes, std::move(weights));
}

}  // namespace kickdrum
