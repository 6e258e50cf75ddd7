// SPDX-License-Identifier: MIT
#include "experiments/baselines/baseline_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/diagnostics.h"
#include "experiments/runs/environment.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "kickdrum-baseline";
constexpr int kVersion = 1;

[[noreturn]] void refuse(const std::string& file, std::string message) {
    throw UserError(ExitCode::usage, {Diagnostic{std::move(message), file}});
}

Json json_of(const BaselineModel::Member& member) {
    return {{"weight", member.weight},
            {"kind", to_string(member.kind)},
            {"source", member.source},
            {"features", member.names},
            {"mean", member.scaler.mean},
            {"scale", member.scaler.scale},
            {"clip", member.scaler.clip ? Json(*member.scaler.clip) : Json(nullptr)},
            {"model", member.classifier->to_json()}};
}

BaselineKind kind_from(const std::string& word) {
    for (const auto kind : {BaselineKind::svm, BaselineKind::logistic, BaselineKind::random_forest,
                            BaselineKind::xgboost, BaselineKind::lightgbm}) {
        if (word == to_string(kind)) return kind;
    }
    throw std::invalid_argument("unknown kind of model '" + word + "'");
}

BaselineModel::Member member_from(const Json& json) {
    BaselineModel::Member member;
    member.weight = json.at("weight").get<double>();
    member.kind = kind_from(json.at("kind").get<std::string>());
    json.at("source").get_to(member.source);
    json.at("features").get_to(member.names);
    json.at("mean").get_to(member.scaler.mean);
    json.at("scale").get_to(member.scaler.scale);
    if (!json.at("clip").is_null()) member.scaler.clip = json.at("clip").get<double>();
    if (member.scaler.mean.size() != member.names.size() || member.scaler.scale.size() != member.names.size())
        throw std::invalid_argument("mean and scale don't fit the features");
    member.classifier = classifier_from_json(member.kind, json.at("model"));
    return member;
}

}  // namespace

std::vector<std::string> BaselineModel::sources() const {
    std::set<std::string> distinct;
    for (const auto& member : members) distinct.insert(member.source);
    return {distinct.begin(), distinct.end()};
}

Matrix BaselineModel::probabilities(
    const std::function<const Matrix&(const std::string& source)>& raw) const {
    Matrix sum;
    double weights = 0;
    for (const auto& member : members) {
        const Matrix& features = raw(member.source);
        const Matrix p = member.probabilities(features);
        if (sum.values.empty()) sum = Matrix(p.rows, p.columns);
        for (std::size_t i = 0; i < p.values.size(); ++i) sum.values[i] += member.weight * p.values[i];
        weights += member.weight;
    }
    for (double& value : sum.values) value /= weights;
    return sum;
}

std::string BaselineModel::to_json() const {
    Json json{
        {"format", kFormat}, {"version", kVersion}, {"kickdrum", kickdrum_version()}, {"classes", classes}};
    json["members"] = Json::array();
    for (const auto& member : members) json["members"].push_back(json_of(member));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

bool is_baseline_model(const std::string& file) {
    return file.ends_with(".json");
}

BaselineModel read_baseline_model(const std::string& text, const std::string& file) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || json.value("format", "") != kFormat)
        refuse(file, "this is no baseline that Kickdrum saved; such a file is the model.json of a run");
    const Json version = json.value("version", Json());
    if (version != kVersion) {
        refuse(
            file,
            fmt::format("the model is of version {} of the format, and this program reads version {}; fit it "
                        "again, or take the program that wrote it ({})",
                        version.dump(), kVersion, json.value("kickdrum", "unknown")));
    }
    try {
        BaselineModel model;
        json.at("classes").get_to(model.classes);
        for (const auto& one : json.at("members")) model.members.push_back(member_from(one));
        if (model.members.empty() || model.classes.empty())
            throw std::invalid_argument("it has no model in it");
        return model;
    } catch (const UserError&) {
        throw;
    } catch (const std::exception& error) {
        refuse(file, fmt::format("isn't as Kickdrum writes it ({})", error.what()));
    }
}

}  // namespace kickdrum
