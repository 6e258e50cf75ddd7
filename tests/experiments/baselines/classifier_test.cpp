// SPDX-License-Identifier: MIT
// The models against scikit-learn's on a small problem, and what all of them have to hold.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/baselines/multi_label.h"
#include "experiments/baselines/platt.h"
#include "experiments/baselines/shared_library.h"
#include "experiments/diagnostics.h"
#include "tests/experiments/baselines/problem.h"

#if __has_include(<libsvm/svm.h>)
#include <libsvm/svm.h>

#include "experiments/baselines/libsvm_library.h"
#endif
#if __has_include(<xgboost/c_api.h>)
#include <xgboost/c_api.h>

#include "experiments/baselines/xgboost_library.h"
#endif

namespace kickdrum {
namespace {

using baseline_reference::fit_data;
using baseline_reference::fit_spec;
using baseline_reference::has_library;
using testing::DoubleNear;
using testing::HasSubstr;
using testing::Pointwise;

#if __has_include(<libsvm/svm.h>)
static_assert(sizeof(libsvm::Parameter) == sizeof(svm_parameter));
static_assert(offsetof(libsvm::Parameter, weight) == offsetof(svm_parameter, weight));
static_assert(offsetof(libsvm::Parameter, probability) == offsetof(svm_parameter, probability));
static_assert(sizeof(libsvm::Problem) == sizeof(svm_problem) && sizeof(libsvm::Node) == sizeof(svm_node));
static_assert(offsetof(libsvm::Model, sv_coef) == offsetof(svm_model, sv_coef));
static_assert(offsetof(libsvm::Model, rho) == offsetof(svm_model, rho));
static_assert(libsvm::kCSvc == C_SVC && libsvm::kPrecomputed == PRECOMPUTED);
#endif
#if __has_include(<xgboost/c_api.h>)
static_assert(std::is_same_v<decltype(XgboostLibrary::predict), decltype(&XGBoosterPredictFromDMatrix)>);
static_assert(std::is_same_v<decltype(XgboostLibrary::slice), decltype(&XGBoosterSlice)>);
static_assert(std::is_same_v<decltype(XgboostLibrary::save), decltype(&XGBoosterSaveModelToBuffer)>);
static_assert(std::is_same_v<decltype(XgboostLibrary::load), decltype(&XGBoosterLoadModelFromBuffer)>);
static_assert(std::is_same_v<decltype(XgboostLibrary::rows), decltype(&XGDMatrixCreateFromMat_omp)>);
#endif

TEST(Scaler, IsScikitLearns) {
    const Scaler scaler = fit_scaler(baseline_reference::raw(0, baseline_reference::kTrain), std::nullopt);
    EXPECT_THAT(scaler.mean, Pointwise(DoubleNear(1e-12), baseline_reference::kMean));
    EXPECT_THAT(scaler.scale, Pointwise(DoubleNear(1e-12), baseline_reference::kScale));
}

TEST(Scaler, MakesAConstantZeroAndCutsWhatIsFarOff) {
    Matrix rows(4, 2);
    rows.values = {0.1, 0, 0.1, 0, 0.1, 0, 0.1, 8};
    const Scaler scaler = fit_scaler(rows, 1.5);
    EXPECT_THAT(scaler.constant_columns, testing::ElementsAre(0));
    const Matrix scaled = scaler.apply(rows);
    EXPECT_NEAR(scaled.row(3)[0], 0, 1e-12);
    EXPECT_NEAR(scaled.row(0)[1], -1 / std::sqrt(3), 1e-12);  // deviation 2 sqrt 3
    EXPECT_EQ(scaled.row(3)[1], 1.5) << "sqrt 3, cut";
}

TEST(Svm, DecidesAsScikitLearns) {
    if (!has_library(BaselineKind::svm)) GTEST_SKIP() << "libsvm isn't here";
    const FitData data = fit_data();
    const auto model = fit_classifier(fit_spec(BaselineKind::svm, {{"c", 2}}), data);
    const Matrix decisions = model->decisions(data.watch);
    EXPECT_THAT(decisions.values, Pointwise(DoubleNear(2e-3), baseline_reference::kDecisions));
    const MultiLabelScores scores = multi_label_scores(decisions, data.watch_labels);
    EXPECT_NEAR(scores.weighted_f1, baseline_reference::kAverages[0], 1e-12);
    EXPECT_NEAR(scores.macro_f1, baseline_reference::kAverages[1], 1e-12);
    EXPECT_NEAR(scores.micro_f1, baseline_reference::kAverages[2], 1e-12);
    for (std::size_t c = 0; c < scores.per_class.size(); ++c) {
        EXPECT_NEAR(scores.per_class[c].precision, baseline_reference::kPrecision[c], 1e-12);
        EXPECT_NEAR(scores.per_class[c].recall, baseline_reference::kRecall[c], 1e-12);
        EXPECT_NEAR(scores.per_class[c].f1, baseline_reference::kF1[c], 1e-12);
    }
}

TEST(Svm, GivesPlattsProbabilitiesWhereAskedTo) {
    if (!has_library(BaselineKind::svm)) GTEST_SKIP() << "libsvm isn't here";
    const FitData data = fit_data();
    FitSpec spec = fit_spec(BaselineKind::svm);
    const Matrix soft = fit_classifier(spec, data)->probabilities(data.watch);
    spec.platt = true;
    const Matrix platt = fit_classifier(spec, data)->probabilities(data.watch);
    EXPECT_NE(soft.values, platt.values);
    double loss = 0;
    for (std::size_t i = 0; i < platt.rows; ++i)
        loss -= std::log(platt.row(i)[static_cast<std::size_t>(data.watch_labels[i])]) /
                static_cast<double>(platt.rows);
    EXPECT_LT(loss, std::log(3)) << "better than guessing";
}

TEST(Svm, HoldsAClassWithoutClipsToBeAbsent) {
    if (!has_library(BaselineKind::svm)) GTEST_SKIP() << "libsvm isn't here";
    FitData data = fit_data();
    data.classes = 4;
    const Matrix decisions = fit_classifier(fit_spec(BaselineKind::svm), data)->decisions(data.watch);
    for (std::size_t i = 0; i < decisions.rows; ++i) EXPECT_EQ(decisions.row(i)[3], -1);
}

TEST(Platt, FindsTheSigmoidThatTheLabelsWereDrawnFrom) {
    std::vector<double> decisions;
    std::vector<bool> present;
    for (int i = 0; i < 2000; ++i) {
        const double f = (i % 200) / 50.0 - 2;
        const double p = 1 / (1 + std::exp(-1.7 * f + 0.4));
        decisions.push_back(f);
        present.push_back((i / 200 + 0.5) / 10 < p);  // the share of p, to a tenth
    }
    const PlattSigmoid sigmoid = fit_platt(decisions, present);
    EXPECT_NEAR(sigmoid.a, -1.7, 0.1);
    EXPECT_NEAR(sigmoid.b, 0.4, 0.1);
}

TEST(Logistic, IsScikitLearns) {
    const FitData data = fit_data();
    const auto model = fit_classifier(fit_spec(BaselineKind::logistic, {{"c", 0.5}}), data);
    EXPECT_THAT(model->probabilities(data.watch).values,
                Pointwise(DoubleNear(1e-5), baseline_reference::kLogistic));
}

class EveryModel : public testing::TestWithParam<BaselineKind> {
 protected:
    void SetUp() override {
        if (!has_library(GetParam())) GTEST_SKIP() << "its library isn't here";
    }
};

TEST_P(EveryModel, LearnsAndComesBackFromItsJsonWithTheSameBits) {
    const FitData data = fit_data();
    FitSpec spec = fit_spec(GetParam());
    if (spec.parameters.contains("n_estimators")) spec.parameters["n_estimators"] = 40;
    if (spec.parameters.contains("min_child_samples")) spec.parameters["min_child_samples"] = 3;
    const auto model = fit_classifier(spec, data);
    const Matrix train = model->probabilities(data.train);
    int right = 0;
    for (std::size_t i = 0; i < train.rows; ++i) {
        const auto row = train.row(i);
        EXPECT_NEAR(row[0] + row[1] + row[2], 1, 1e-6);
        right += std::ranges::max_element(row) - row.begin() == data.labels[i] ? 1 : 0;
    }
    EXPECT_GT(right, 25) << "of 36; the most frequent class has 18";
    const auto text = model->to_json().dump();
    const auto again = classifier_from_json(GetParam(), nlohmann::ordered_json::parse(text));
    EXPECT_EQ(again->probabilities(data.watch).values, model->probabilities(data.watch).values);
    EXPECT_EQ(again->rounds(), model->rounds());
    EXPECT_EQ(fit_classifier(spec, data)->to_json().dump(), text) << "the same data, the same model";
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryModel,
                         testing::Values(BaselineKind::svm, BaselineKind::logistic,
                                         BaselineKind::random_forest, BaselineKind::xgboost,
                                         BaselineKind::lightgbm),
                         [](const auto& one) { return std::string(to_string(one.param)); });

class EveryBooster : public EveryModel {};

TEST_P(EveryBooster, KeepsTheRoundsUpToTheBestOne) {
    const FitData data = fit_data();
    FitSpec spec = fit_spec(GetParam(), {{"n_estimators", 300}, {"learning_rate", 0.3}});
    if (GetParam() == BaselineKind::lightgbm) spec.parameters["min_child_samples"] = 3;
    const auto loss = [&](int rounds, int stopping) {
        spec.parameters["n_estimators"] = rounds;
        spec.stopping_rounds = stopping;
        const auto model = fit_classifier(spec, data);
        const Matrix p = model->probabilities(data.watch);
        double sum = 0;
        for (std::size_t i = 0; i < p.rows; ++i)
            sum -= std::log(p.row(i)[static_cast<std::size_t>(data.watch_labels[i])]);
        return std::pair(sum, model->rounds());
    };
    const auto [stopped, best] = loss(300, 20);
    ASSERT_LT(best, 280) << "it overfits soon";
    EXPECT_EQ(loss(best, 0).first, stopped) << "the same rounds without stopping";
    EXPECT_GT(loss(best + 5, 0).first, stopped);
    if (best > 1) {
        EXPECT_GT(loss(best - 1, 0).first, stopped);
    }
}

TEST_P(EveryBooster, TheGainIsThatOfAFeatureThatIsTheClassItself) {
    FitData data = fit_data();
    for (std::size_t i = 0; i < data.train.rows; ++i) data.train.row(i)[2] = data.labels[i];
    FitSpec spec = fit_spec(GetParam(), {{"n_estimators", 10}});
    if (GetParam() == BaselineKind::lightgbm) spec.parameters["min_child_samples"] = 3;
    const auto gains = fit_classifier(spec, data)->gains();
    ASSERT_EQ(gains.size(), 4U);
    for (const std::size_t other : {0U, 1U, 3U}) EXPECT_GT(gains[2], 3 * gains[other]);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryBooster, testing::Values(BaselineKind::xgboost, BaselineKind::lightgbm),
                         [](const auto& one) { return std::string(to_string(one.param)); });

TEST(SharedLibrary, SaysHowToGetWhatIsMissing) {
    try {
        SharedLibrary("Nolib", {"libno-such-library.so.9"}, "install it");
        FAIL();
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::environment);
        EXPECT_THAT(error.what(), HasSubstr("Nolib isn't installed, and this model needs it: install it"));
    }
}

}  // namespace
}  // namespace kickdrum
