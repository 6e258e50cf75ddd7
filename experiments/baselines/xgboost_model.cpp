// SPDX-License-Identifier: MIT
#include "experiments/baselines/xgboost_model.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/baselines/xgboost_library.h"

namespace kickdrum {
namespace {

class Rows {
 public:
    Rows(const XgboostLibrary& api, const Matrix& rows, const std::vector<int>& labels = {}) : api_(api) {
        const std::vector<float> values(rows.values.begin(), rows.values.end());
        api.require(api.rows(values.data(), rows.rows, rows.columns, std::numeric_limits<float>::quiet_NaN(),
                             &handle, 1));
        if (labels.empty()) return;
        const std::vector<float> targets(labels.begin(), labels.end());
        api.require(api.set_floats(handle, "label", targets.data(), targets.size()));
    }
    ~Rows() { api_.free_rows(handle); }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    void* handle = nullptr;

 private:
    const XgboostLibrary& api_;
};

class Booster {
 public:
    explicit Booster(const XgboostLibrary& api) : api_(api) {}
    ~Booster() {
        if (handle != nullptr) api_.free(handle);
    }
    Booster(const Booster&) = delete;
    Booster& operator=(const Booster&) = delete;
    void set(const std::string& name, const std::string& value) const {
        api_.require(api_.set(handle, name.c_str(), value.c_str()));
    }
    void* handle = nullptr;

 private:
    const XgboostLibrary& api_;
};

class XgboostModel : public Classifier {
 public:
    XgboostModel(std::string text, int classes, std::size_t features)
        : text_(std::move(text)), classes_(classes), features_(features), booster_(api_) {
        api_.require(api_.create(nullptr, 0, &booster_.handle));
        api_.require(api_.load(booster_.handle, text_.data(), text_.size()));
        booster_.set("nthread", "1");
        api_.require(api_.rounds(booster_.handle, &rounds_));
    }

    Matrix probabilities(const Matrix& rows) const override {
        const Rows data(api_, rows);
        const XgboostLibrary::Long* shape = nullptr;
        XgboostLibrary::Long dimensions = 0;
        const float* values = nullptr;
        api_.require(api_.predict(booster_.handle, data.handle,
                                  R"({"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0,
                                      "strict_shape": true})",
                                  &shape, &dimensions, &values));
        Matrix result(rows.rows, static_cast<std::size_t>(classes_));
        std::copy_n(values, result.values.size(), result.values.begin());
        return result;
    }

    std::vector<double> gains() const override {
        std::vector<double> gains(features_);
        XgboostLibrary::Long count = 0;
        const char** names = nullptr;
        XgboostLibrary::Long dimensions = 0;
        const XgboostLibrary::Long* shape = nullptr;
        const float* scores = nullptr;
        api_.require(api_.score(booster_.handle, R"({"importance_type": "total_gain"})", &count, &names,
                                &dimensions, &shape, &scores));
        for (XgboostLibrary::Long i = 0; i < count; ++i) {   // features that no split uses are left out
            gains.at(std::stoul(names[i] + 1)) = scores[i];  // "f17"
        }
        return gains;
    }

    int rounds() const override { return rounds_; }
    nlohmann::ordered_json to_json() const override {
        return {{"classes", classes_}, {"features", features_}, {"xgboost", text_}};
    }

 private:
    XgboostLibrary api_;
    std::string text_;
    int classes_;
    std::size_t features_;
    int rounds_ = 0;
    Booster booster_;
};

void set_parameters(const Booster& booster, const FitSpec& spec, int classes) {
    booster.set("objective", "multi:softprob");
    booster.set("num_class", std::to_string(classes));
    booster.set("eval_metric", "mlogloss");
    booster.set("tree_method", "hist");
    booster.set("nthread", "1");
    booster.set("verbosity", "0");
    for (const auto& [name, value] : spec.parameters) {
        if (name != "n_estimators")
            booster.set(name, fmt::format("{}", name == "seed" ? value + spec.seed_offset : value));
    }
    if (spec.kind != BaselineKind::random_forest) return;
    booster.set("num_parallel_tree", std::to_string(spec.whole("n_estimators")));
    booster.set("learning_rate", "1");
}

// "[12]\twatch-mlogloss:0.71234" -> 0.71234
double loss_in(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    double loss = std::numeric_limits<double>::quiet_NaN();
    if (colon != std::string_view::npos)
        std::from_chars(text.data() + colon + 1, text.data() + text.size(), loss);
    return loss;
}

// The number of rounds to keep.
int boost(const XgboostLibrary& api, const Booster& booster, const FitSpec& spec, const Rows& train,
          const FitData& data) {
    const int rounds = spec.kind == BaselineKind::random_forest ? 1 : spec.whole("n_estimators");
    std::unique_ptr<Rows> watched;
    if (spec.stopping_rounds > 0) watched = std::make_unique<Rows>(api, data.watch, data.watch_labels);
    double best = std::numeric_limits<double>::infinity();
    int best_round = rounds;
    for (int round = 1; round <= rounds; ++round) {
        api.require(api.update(booster.handle, round - 1, train.handle));
        if (!watched) continue;
        const char* text = nullptr;
        const char* name = "watch";
        api.require(api.evaluate(booster.handle, round - 1, &watched->handle, &name, 1, &text));
        const double loss = loss_in(text);
        if (loss < best) {
            best = loss;
            best_round = round;
        }
        if (round - best_round >= spec.stopping_rounds) break;
    }
    return best_round;
}

}  // namespace

std::unique_ptr<Classifier> fit_xgboost(const FitSpec& spec, const FitData& data) {
    const XgboostLibrary api;
    const Rows train(api, data.train, data.labels);
    Booster booster(api);
    api.require(api.create(&train.handle, 1, &booster.handle));
    set_parameters(booster, spec, data.classes);
    const int rounds = boost(api, booster, spec, train, data);
    Booster kept(api);
    api.require(api.slice(booster.handle, 0, rounds, 1, &kept.handle));
    XgboostLibrary::Long size = 0;
    const char* bytes = nullptr;
    api.require(api.save(kept.handle, R"({"format": "json"})", &size, &bytes));
    return std::make_unique<XgboostModel>(std::string(bytes, size), data.classes, data.train.columns);
}

std::unique_ptr<Classifier> xgboost_from_json(const nlohmann::ordered_json& json) {
    return std::make_unique<XgboostModel>(json.at("xgboost").get<std::string>(),
                                          json.at("classes").get<int>(),
                                          json.at("features").get<std::size_t>());
}

std::string xgboost_version() {
    const XgboostLibrary api;
    int major = 0;
    int minor = 0;
    int patch = 0;
    api.version(&major, &minor, &patch);
    return fmt::format("XGBoost {}.{}.{}", major, minor, patch);
}

}  // namespace kickdrum
