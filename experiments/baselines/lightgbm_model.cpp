// SPDX-License-Identifier: MIT
#include "experiments/baselines/lightgbm_model.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/baselines/lightgbm_library.h"

namespace kickdrum {
namespace {

// What one thread computes doesn't depend on the machine's number of them.
constexpr const char* kOneThread = "num_threads=1 verbosity=-1";

class Booster {
 public:
    explicit Booster(const LightgbmLibrary& api) : api_(api) {}
    ~Booster() {
        if (handle != nullptr) api_.free(handle);
    }
    Booster(const Booster&) = delete;
    Booster& operator=(const Booster&) = delete;
    void* handle = nullptr;

 private:
    const LightgbmLibrary& api_;
};

class LabelledRows {
 public:
    LabelledRows(const LightgbmLibrary& api, const Matrix& rows, const std::vector<int>& labels,
                 const std::string& parameters, void* reference)
        : api_(api) {
        api.require(api.dataset_from_rows(
            rows.values.data(), LightgbmLibrary::kFloat64, static_cast<std::int32_t>(rows.rows),
            static_cast<std::int32_t>(rows.columns), 1, parameters.c_str(), reference, &handle));
        const std::vector<float> values(labels.begin(), labels.end());
        api.require(api.dataset_set(handle, "label", values.data(), static_cast<int>(values.size()),
                                    LightgbmLibrary::kFloat32));
    }
    ~LabelledRows() { api_.dataset_free(handle); }
    LabelledRows(const LabelledRows&) = delete;
    LabelledRows& operator=(const LabelledRows&) = delete;
    void* handle = nullptr;

 private:
    const LightgbmLibrary& api_;
};

class LightgbmModel : public Classifier {
 public:
    LightgbmModel(const std::string& text, int classes) : text_(text), classes_(classes), booster_(api_) {
        api_.require(api_.load(text_.c_str(), &rounds_, &booster_.handle));
    }

    Matrix probabilities(const Matrix& rows) const override {
        Matrix result(rows.rows, static_cast<std::size_t>(classes_));
        std::int64_t count = 0;
        api_.require(api_.predict(booster_.handle, rows.values.data(), LightgbmLibrary::kFloat64,
                                  static_cast<std::int32_t>(rows.rows),
                                  static_cast<std::int32_t>(rows.columns), 1, 0, 0, -1, kOneThread, &count,
                                  result.values.data()));
        return result;
    }

    std::vector<double> gains() const override {
        constexpr int kGain = 1;
        int features = 0;
        api_.require(api_.count_features(booster_.handle, &features));
        std::vector<double> values(static_cast<std::size_t>(features));
        api_.require(api_.importance(booster_.handle, 0, kGain, values.data()));
        return values;
    }

    int rounds() const override { return rounds_; }
    nlohmann::ordered_json to_json() const override { return {{"classes", classes_}, {"lightgbm", text_}}; }

 private:
    LightgbmLibrary api_;
    std::string text_;
    int classes_;
    int rounds_ = 0;
    Booster booster_;
};

std::string parameters_of(const FitSpec& spec, const FitData& data) {
    std::string text = fmt::format(
        "objective=multiclass metric=multi_logloss num_class={} deterministic=true force_row_wise=true {}",
        data.classes, kOneThread);
    for (const auto& [name, value] : spec.parameters) {
        if (name == "n_estimators") continue;
        text += fmt::format(" {}={}", name, name == "seed" ? value + spec.seed_offset : value);
    }
    return text;
}

// The number of rounds to keep.
int boost(const LightgbmLibrary& api, void* booster, const FitSpec& spec) {
    const int rounds = spec.whole("n_estimators");
    double best = std::numeric_limits<double>::infinity();
    int best_round = rounds;
    for (int round = 1; round <= rounds; ++round) {
        int finished = 0;
        api.require(api.update(booster, &finished));
        if (finished != 0) return spec.stopping_rounds > 0 ? best_round : round;
        if (spec.stopping_rounds == 0) continue;
        int count = 0;
        double loss = 0;
        api.require(api.evaluate(booster, 1, &count, &loss));
        if (loss < best) {
            best = loss;
            best_round = round;
        }
        if (round - best_round >= spec.stopping_rounds) break;
    }
    return best_round;
}

std::string saved(const LightgbmLibrary& api, void* booster, int rounds) {
    std::int64_t size = 0;
    api.require(api.save(booster, 0, rounds, 1, 0, &size, nullptr));
    std::string text(static_cast<std::size_t>(size), '\0');
    api.require(api.save(booster, 0, rounds, 1, size, &size, text.data()));
    text.resize(static_cast<std::size_t>(size) - 1);  // without the closing zero
    return text;
}

}  // namespace

std::unique_ptr<Classifier> fit_lightgbm(const FitSpec& spec, const FitData& data) {
    const LightgbmLibrary api;
    const std::string parameters = parameters_of(spec, data);
    const LabelledRows train(api, data.train, data.labels, parameters, nullptr);
    std::unique_ptr<LabelledRows> watched;
    Booster booster(api);
    api.require(api.create(train.handle, parameters.c_str(), &booster.handle));
    if (spec.stopping_rounds > 0) {
        watched =
            std::make_unique<LabelledRows>(api, data.watch, data.watch_labels, parameters, train.handle);
        api.require(api.add_watched(booster.handle, watched->handle));
    }
    const int rounds = boost(api, booster.handle, spec);
    return std::make_unique<LightgbmModel>(saved(api, booster.handle, rounds), data.classes);
}

std::unique_ptr<Classifier> lightgbm_from_json(const nlohmann::ordered_json& json) {
    return std::make_unique<LightgbmModel>(json.at("lightgbm").get<std::string>(),
                                           json.at("classes").get<int>());
}

std::string lightgbm_version() {
    const LightgbmLibrary api;
    const std::filesystem::path folder = std::filesystem::path(api.library.file()).parent_path();
    const std::string name = folder.filename().string();  // "lightgbm-4.7.0", where the script has put it
    return name.starts_with("lightgbm-") ? "LightGBM " + name.substr(9) : "LightGBM";
}

}  // namespace kickdrum
