// SPDX-License-Identifier: MIT
#include "experiments/baselines/svm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "experiments/baselines/folds.h"
#include "experiments/baselines/libsvm_library.h"
#include "experiments/baselines/platt.h"
#include "experiments/baselines/softmax.h"

namespace kickdrum {

namespace libsvm {

Library::Library()
    : library("libsvm", {"libsvm.so.3", "libsvm.so"},
              "run scripts/install_dependencies.sh baselines (Debian's package is libsvm3)") {
    library.load(version, "libsvm_version");
    library.load(train, "svm_train");
    library.load(check, "svm_check_parameter");
    library.load(support_rows, "svm_get_sv_indices");
    library.load(free, "svm_free_and_destroy_model");
    library.load(print_with, "svm_set_print_string_function");
    if (*version < 300 || *version > 399)
        throw std::runtime_error(fmt::format("libsvm {} is no version 3", *version));
    print_with([](const char*) {});
}

}  // namespace libsvm

namespace {

double squared_distance(std::span<const double> a, std::span<const double> b) {
    std::array<double, 8> sums{};  // so that the compiler may use vectors
    std::size_t i = 0;
    for (; i + sums.size() <= a.size(); i += sums.size()) {
        for (std::size_t k = 0; k < sums.size(); ++k) {
            const double off = a[i + k] - b[i + k];
            sums[k] += off * off;
        }
    }
    for (; i < a.size(); ++i) sums[0] += (a[i] - b[i]) * (a[i] - b[i]);
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

// [rows, vectors]
Matrix kernel(const Matrix& rows, const Matrix& vectors, double gamma) {
    Matrix values(rows.rows, vectors.rows);
    for (std::size_t i = 0; i < rows.rows; ++i) {
        for (std::size_t j = 0; j < vectors.rows; ++j)
            values.row(i)[j] = std::exp(-gamma * squared_distance(rows.row(i), vectors.row(j)));
    }
    return values;
}

// The solution of every class, over all rows that the kernel was computed for.
struct Machines {
    Matrix coefficients;  // [classes, rows]
    std::vector<double> rho;

    // [rows of the kernel, classes]
    Matrix decisions(const Matrix& kernel) const {
        Matrix result(kernel.rows, rho.size());
        for (std::size_t i = 0; i < kernel.rows; ++i) {
            for (std::size_t c = 0; c < rho.size(); ++c) {
                const auto row = kernel.row(i);
                result.row(i)[c] =
                    std::inner_product(row.begin(), row.end(), coefficients.row(c).begin(), 0.0) - rho[c];
            }
        }
        return result;
    }
};

class SvmModel : public Classifier {
 public:
    SvmModel(double gamma, Matrix vectors, Machines machines, std::vector<PlattSigmoid> sigmoids)
        : gamma_(gamma),
          vectors_(std::move(vectors)),
          machines_(std::move(machines)),
          sigmoids_(std::move(sigmoids)) {}

    Matrix decisions(const Matrix& rows) const override {
        return machines_.decisions(kernel(rows, vectors_, gamma_));
    }

    Matrix probabilities(const Matrix& rows) const override {
        Matrix result = decisions(rows);
        for (std::size_t i = 0; i < result.rows; ++i) {
            if (sigmoids_.empty()) {
                softmax(result.row(i));
            } else {
                platt_probabilities(sigmoids_, result.row(i));
            }
        }
        return result;
    }

    nlohmann::ordered_json to_json() const override {
        nlohmann::ordered_json json{{"gamma", gamma_},
                                    {"features", vectors_.columns},
                                    {"vectors", vectors_.values},
                                    {"coefficients", machines_.coefficients.values},
                                    {"rho", machines_.rho}};
        json["platt"] = nlohmann::ordered_json::array();
        for (const auto& one : sigmoids_) json["platt"].push_back({one.a, one.b});
        return json;
    }

 private:
    double gamma_;
    Matrix vectors_;
    Machines machines_;
    std::vector<PlattSigmoid> sigmoids_;  // none: softmax
};

// A row of a precomputed kernel: its number, then the kernel with every row.
std::vector<libsvm::Node> nodes_of(const Matrix& kernel) {
    std::vector<libsvm::Node> nodes;
    nodes.reserve(kernel.rows * (kernel.columns + 2));
    for (std::size_t i = 0; i < kernel.rows; ++i) {
        nodes.push_back({0, static_cast<double>(i + 1)});
        for (std::size_t j = 0; j < kernel.columns; ++j)
            nodes.push_back({static_cast<int>(j) + 1, kernel.row(i)[j]});
        nodes.push_back({-1, 0});
    }
    return nodes;
}

// `rows`: of the precomputed kernel, by clip. `present`: which clips are of the class.
void solve(const libsvm::Library& api, const std::vector<libsvm::Node*>& rows,
           const std::vector<bool>& present, const FitSpec& spec, std::span<double> coefficients,
           double& rho) {
    constexpr int kRest = 0;
    constexpr int kClass = 1;
    // The rest first, as scikit-learn sorts labels: the solver stops at a tolerance, and where depends on it.
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto of_class = std::ranges::stable_partition(order, [&](std::size_t i) { return !present[i]; });
    const auto count = static_cast<double>(of_class.size());
    const auto all = static_cast<double>(rows.size());
    if (count == 0 || count == all) {
        rho = count == 0 ? 1 : -1;
        return;
    }
    std::vector<libsvm::Node*> sorted;
    std::vector<double> targets;
    for (const std::size_t i : order) {
        sorted.push_back(rows[i]);
        targets.push_back(present[i] ? kClass : kRest);
    }
    const libsvm::Problem problem{
        .l = static_cast<int>(rows.size()), .y = targets.data(), .x = sorted.data()};
    std::array<int, 2> labels{kClass, kRest};
    std::array<double, 2> weights{1, 1};
    if (spec.balanced) weights = {all / (2 * count), all / (2 * (all - count))};
    libsvm::Parameter parameter{};
    parameter.svm_type = libsvm::kCSvc;
    parameter.kernel_type = libsvm::kPrecomputed;
    parameter.cache_size = 200;
    parameter.eps = 1e-3;
    parameter.c = spec["c"];
    parameter.nr_weight = 2;
    parameter.weight_label = labels.data();
    parameter.weight = weights.data();
    parameter.shrinking = 1;
    if (const char* wrong = api.check(&problem, &parameter))
        throw std::runtime_error(fmt::format("libsvm: {}", wrong));
    libsvm::Model* model = api.train(&problem, &parameter);
    std::vector<int> used(static_cast<std::size_t>(model->l));
    api.support_rows(model, used.data());
    // libsvm decides for the label that it met first: the rest.
    for (std::size_t k = 0; k < used.size(); ++k)
        coefficients[order[static_cast<std::size_t>(used[k]) - 1]] = -model->sv_coef[0][k];
    rho = -model->rho[0];
    api.free(&model);
}

Machines solve_all(const Matrix& kernel, std::span<const int> labels, int classes, const FitSpec& spec) {
    const libsvm::Library api;
    const std::size_t n = kernel.rows;
    Machines machines{.coefficients = Matrix(static_cast<std::size_t>(classes), n),
                      .rho = std::vector<double>(static_cast<std::size_t>(classes))};
    std::vector<libsvm::Node> nodes = nodes_of(kernel);
    std::vector<libsvm::Node*> rows;
    for (std::size_t i = 0; i < n; ++i) rows.push_back(nodes.data() + i * (n + 2));
    std::vector<bool> present(n);
    for (int c = 0; c < classes; ++c) {
        for (std::size_t i = 0; i < n; ++i) present[i] = labels[i] == c;
        const auto place = static_cast<std::size_t>(c);
        solve(api, rows, present, spec, machines.coefficients.row(place), machines.rho[place]);
    }
    return machines;
}

Matrix submatrix(const Matrix& kernel, std::span<const std::int32_t> rows,
                 std::span<const std::int32_t> columns) {
    Matrix part(rows.size(), columns.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t j = 0; j < columns.size(); ++j)
            part.row(i)[j] =
                kernel.row(static_cast<std::size_t>(rows[i]))[static_cast<std::size_t>(columns[j])];
    }
    return part;
}

// Decisions on clips that the machine of their fold wasn't trained on, and a sigmoid through them.
std::vector<PlattSigmoid> fit_sigmoids(const Matrix& kernel, const FitSpec& spec, const FitData& data) {
    constexpr int kFolds = 5;
    constexpr std::uint32_t kSeed = 42;
    const std::vector<int> folds = stratified_folds(data.labels, data.groups, kFolds, kSeed);
    Matrix decisions(kernel.rows, static_cast<std::size_t>(data.classes));
    for (int fold = 0; fold < kFolds; ++fold) {
        const FoldRows rows = rows_of_fold(folds, fold);
        std::vector<int> labels;
        for (const auto i : rows.in) labels.push_back(data.labels[static_cast<std::size_t>(i)]);
        const Machines machines = solve_all(submatrix(kernel, rows.in, rows.in), labels, data.classes, spec);
        const Matrix held_out = machines.decisions(submatrix(kernel, rows.out, rows.in));
        for (std::size_t k = 0; k < rows.out.size(); ++k)
            std::ranges::copy(held_out.row(k), decisions.row(static_cast<std::size_t>(rows.out[k])).begin());
    }
    std::vector<PlattSigmoid> sigmoids;
    for (int c = 0; c < data.classes; ++c) {
        std::vector<double> column;
        std::vector<bool> present;
        for (std::size_t i = 0; i < decisions.rows; ++i) {
            column.push_back(decisions.row(i)[static_cast<std::size_t>(c)]);
            present.push_back(data.labels[i] == c);
        }
        sigmoids.push_back(fit_platt(column, present));
    }
    return sigmoids;
}

// 1 / (features * variance of all numbers): scikit-learn's `scale`.
double gamma_scale(const Matrix& rows) {
    const auto n = static_cast<double>(rows.values.size());
    const double mean = std::accumulate(rows.values.begin(), rows.values.end(), 0.0) / n;
    double variance = 0;
    for (const double value : rows.values) variance += (value - mean) * (value - mean) / n;
    return variance == 0 ? 1 : 1 / (static_cast<double>(rows.columns) * variance);
}

// Without the rows that no class needs.
std::unique_ptr<Classifier> compact(double gamma, const Matrix& rows, const Machines& all,
                                    std::vector<PlattSigmoid> sigmoids) {
    std::vector<std::int32_t> used;
    for (std::size_t i = 0; i < rows.rows; ++i) {
        for (std::size_t c = 0; c < all.rho.size(); ++c) {
            if (all.coefficients.row(c)[i] == 0) continue;
            used.push_back(static_cast<std::int32_t>(i));
            break;
        }
    }
    Machines machines{.coefficients = Matrix(all.rho.size(), used.size()), .rho = all.rho};
    for (std::size_t c = 0; c < all.rho.size(); ++c) {
        for (std::size_t k = 0; k < used.size(); ++k)
            machines.coefficients.row(c)[k] = all.coefficients.row(c)[static_cast<std::size_t>(used[k])];
    }
    return std::make_unique<SvmModel>(gamma, rows_of(rows, used), std::move(machines), std::move(sigmoids));
}

}  // namespace

std::unique_ptr<Classifier> fit_svm(const FitSpec& spec, const FitData& data) {
    const double gamma = spec["gamma"] * gamma_scale(data.train);
    const Matrix values = kernel(data.train, data.train, gamma);
    std::vector<PlattSigmoid> sigmoids;
    if (spec.platt) sigmoids = fit_sigmoids(values, spec, data);
    return compact(gamma, data.train, solve_all(values, data.labels, data.classes, spec),
                   std::move(sigmoids));
}

std::unique_ptr<Classifier> svm_from_json(const nlohmann::ordered_json& json) {
    Machines machines{.coefficients = {}, .rho = json.at("rho").get<std::vector<double>>()};
    Matrix vectors;
    vectors.columns = json.at("features").get<std::size_t>();
    json.at("vectors").get_to(vectors.values);
    json.at("coefficients").get_to(machines.coefficients.values);
    vectors.rows = vectors.columns == 0 ? 0 : vectors.values.size() / vectors.columns;
    machines.coefficients.rows = machines.rho.size();
    machines.coefficients.columns = vectors.rows;
    if (vectors.values.size() != vectors.rows * vectors.columns ||
        machines.coefficients.values.size() != machines.rho.size() * vectors.rows) {
        throw std::invalid_argument("vectors and coefficients don't fit together");
    }
    std::vector<PlattSigmoid> sigmoids;
    for (const auto& one : json.at("platt"))
        sigmoids.push_back({.a = one.at(0).get<double>(), .b = one.at(1).get<double>()});
    return std::make_unique<SvmModel>(json.at("gamma").get<double>(), std::move(vectors), std::move(machines),
                                      std::move(sigmoids));
}

std::string libsvm_version() {
    const libsvm::Library api;
    return fmt::format("libsvm {}.{}", *api.version / 100, *api.version % 100);
}

}  // namespace kickdrum
