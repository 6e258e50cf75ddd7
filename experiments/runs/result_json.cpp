// SPDX-License-Identifier: MIT
// The JSON half of result_files.h.
#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "experiments/diagnostics.h"
#include "experiments/runs/leak_json.h"
#include "experiments/runs/result_files.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

// JSON has no NaN: a loss that isn't finite is written as null.
double real(const Json& json) {
    return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

Json class_json(const ClassScores& scores) {
    return {{"precision", scores.precision},
            {"recall", scores.recall},
            {"f1", scores.f1},
            {"support", scores.support}};
}

ClassScores read_class(const Json& json) {
    return {.precision = real(json.at("precision")),
            .recall = real(json.at("recall")),
            .f1 = real(json.at("f1")),
            .support = json.at("support").get<std::int64_t>()};
}

Json part_json(const PartResult& part, std::span<const std::string> classes) {
    Json json;
    json["loss"] = part.loss;
    json["accuracy"] = part.scores.accuracy;
    json["weighted_f1"] = part.scores.weighted_f1;
    json["macro_f1"] = part.scores.macro_f1;
    const bool sets = part.scores.sets;
    if (sets) {
        json["micro_f1"] = part.scores.micro_f1;
        json["samples_f1"] = part.scores.samples_f1;
    }
    json["per_class"] = Json::object();
    for (std::size_t c = 0; c < part.scores.per_class.size() && c < classes.size(); ++c) {
        json["per_class"][classes[c]] = class_json(part.scores.per_class[c]);
    }
    if (!sets) json["confusion"] = part.scores.confusion;
    return json;
}

// What only baselines have.
void add_baseline(Json& json, const RunResult& result, std::span<const std::string> classes) {
    if (result.multi_label) {
        Json& scores = json["multi_label"];
        scores = {{"weighted_f1", result.multi_label->weighted_f1},
                  {"macro_f1", result.multi_label->macro_f1},
                  {"micro_f1", result.multi_label->micro_f1}};
        for (std::size_t c = 0; c < classes.size(); ++c)
            scores["per_class"][classes[c]] = class_json(result.multi_label->per_class.at(c));
    }
    if (!result.chosen.empty()) json["chosen"] = result.chosen;
    for (const auto& one : result.importance) {
        json["importance"].push_back({{"family", one.family},
                                      {"features", one.features},
                                      {"gain", one.gain ? Json(*one.gain) : Json(nullptr)},
                                      {"permutation", one.permutation}});
    }
}

void read_baseline(const Json& json, RunResult& result, std::span<const std::string> classes) {
    if (json.contains("multi_label")) {
        const Json& scores = json.at("multi_label");
        result.multi_label = {.weighted_f1 = real(scores.at("weighted_f1")),
                              .macro_f1 = real(scores.at("macro_f1")),
                              .micro_f1 = real(scores.at("micro_f1")),
                              .per_class = {}};
        for (const auto& name : classes)
            result.multi_label->per_class.push_back(read_class(scores.at("per_class").at(name)));
    }
    if (json.contains("chosen")) json.at("chosen").get_to(result.chosen);
    for (const auto& one : json.value("importance", Json::array())) {
        FamilyImportance& family = result.importance.emplace_back();
        one.at("family").get_to(family.family);
        one.at("features").get_to(family.features);
        if (!one.at("gain").is_null()) family.gain = one.at("gain").get<double>();
        family.permutation = real(one.at("permutation"));
    }
}

PartResult read_part(const Json& json, std::span<const std::string> classes) {
    PartResult part;
    part.loss = real(json.at("loss"));
    part.scores.accuracy = real(json.at("accuracy"));
    part.scores.weighted_f1 = real(json.at("weighted_f1"));
    part.scores.macro_f1 = real(json.at("macro_f1"));
    for (const auto& name : classes) {
        part.scores.per_class.push_back(read_class(json.at("per_class").at(name)));
    }
    if (json.contains("samples_f1")) {
        part.scores.sets = true;
        part.scores.micro_f1 = real(json.at("micro_f1"));
        part.scores.samples_f1 = real(json.at("samples_f1"));
        return part;
    }
    json.at("confusion").get_to(part.scores.confusion);
    const std::size_t n = classes.size();
    if (part.scores.confusion.size() != n) throw std::out_of_range("'confusion' has another number of rows");
    for (const auto& row : part.scores.confusion) {
        if (row.size() != n) throw std::out_of_range("'confusion' has another number of columns");
    }
    return part;
}

// Runs `read` on the parsed text; whatever is missing or of another type becomes a message about the file.
template <class Read>
auto with_json(const std::string& text, const std::string& file, Read read) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) {
        throw UserError(ExitCode::usage,
                        {Diagnostic{"this isn't JSON; was the file cut off or edited?", file}});
    }
    try {
        return read(json);
    } catch (const std::exception& error) {
        throw UserError(ExitCode::usage,
                        {Diagnostic{fmt::format("isn't as Kickdrum writes it ({})", error.what()), file}});
    }
}

// Of the results folder; to be raised where an earlier version would misread it.
constexpr int kFormat = 1;

// Before anything else is looked at.
void refuse_later_format(const std::string& text, const std::string& file) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("format") || !json["format"].is_number_integer()) return;
    const auto format = json["format"].get<std::int64_t>();
    if (format <= kFormat) return;
    throw UserError(
        ExitCode::usage,
        {Diagnostic{
            fmt::format("this folder has the format {}, and Kickdrum {} knows up to {}: use the version "
                        "that wrote it{}, or a later one",
                        format, kickdrum_version(), kFormat,
                        json.contains("kickdrum") && json["kickdrum"].is_string()
                            ? fmt::format(" ({})", json["kickdrum"].get<std::string>())
                            : ""),
            file}});
}

StudyStatus status_from(const std::string& word) {
    for (const auto status :
         {StudyStatus::running, StudyStatus::interrupted, StudyStatus::failed, StudyStatus::done}) {
        if (word == to_string(status)) return status;
    }
    throw std::out_of_range("unknown status '" + word + "'");
}

}  // namespace

std::string metrics_json(const RunResult& result, std::span<const std::string> classes) {
    Json json;
    json["run"] = result.run;
    json["seed"] = result.seed;
    json["epochs"] = result.history.size();
    json["best_epoch"] = result.best_epoch;
    json["stopped_early"] = result.stopped_early;
    for (std::size_t c = 0; c < result.thresholds.size(); ++c)
        json["thresholds"][classes[c]] = result.thresholds[c];
    json["train"] = part_json(result.train, classes);
    json["val"] = part_json(result.val, classes);
    json["test"] = part_json(result.test, classes);
    add_baseline(json, result, classes);
    json["seconds"] = result.seconds;
    return dump(json);
}

RunResult read_metrics(const std::string& text, std::span<const std::string> classes,
                       const std::string& file) {
    return with_json(text, file, [&](const Json& json) {
        RunResult result;
        result.run = json.at("run").get<int>();
        result.seed = json.at("seed").get<std::uint64_t>();
        result.best_epoch = json.at("best_epoch").get<int>();
        result.stopped_early = json.at("stopped_early").get<bool>();
        if (json.contains("thresholds")) {
            for (const auto& name : classes)
                result.thresholds.push_back(real(json.at("thresholds").at(name)));
        }
        result.train = read_part(json.at("train"), classes);
        result.val = read_part(json.at("val"), classes);
        result.test = read_part(json.at("test"), classes);
        read_baseline(json, result, classes);
        json.at("seconds").get_to(result.seconds);
        return result;
    });
}

std::string state_json(const Study& study, StudyStatus status) {
    Json json;
    json["kickdrum"] = kickdrum_version();
    json["format"] = kFormat;
    json["status"] = to_string(status);
    json["name"] = study.name;
    json["runs"] = study.runs;
    json["seed"] = study.seed;
    json["classes"] = study.classes;
    if (study.sets) json["several_classes"] = true;
    json["split_seeds"] = study.split_seeds;
    json["published"] = study.published;
    json["published_source"] = study.published_source;
    json["model"] = study.model;
    json["experiment"] = study.experiment;
    if (!study.leaky_protocol.empty()) json["leaky_protocol"] = study.leaky_protocol;
    json["skipped"] = Json::array();
    for (const auto& clip : study.skipped)
        json["skipped"].push_back({{"id", clip.id}, {"reason", clip.reason}});
    if (study.leaks) json["leaks"] = to_json(*study.leaks);
    return dump(json);
}

UserError with_other_version(const UserError& error, const std::string& version) {
    if (version == kickdrum_version()) return error;
    std::vector<Diagnostic> list = error.diagnostics();
    for (auto& one : list) {
        one.message += fmt::format(
            "; the folder was written by Kickdrum {}, and this is {}: use that version, or "
            "run the experiment again",
            version.empty() ? "of an unknown version" : version, kickdrum_version());
    }
    return {error.code(), list};
}

State read_state(const std::string& text, const std::string& file) {
    refuse_later_format(text, file);
    std::string version;
    try {
        return with_json(text, file, [&](const Json& json) {
            State state;
            state.version = version = json.value("kickdrum", "");
            state.status = status_from(json.at("status").get<std::string>());
            Study& study = state.study;
            json.at("name").get_to(study.name);
            json.at("runs").get_to(study.runs);
            json.at("seed").get_to(study.seed);
            json.at("classes").get_to(study.classes);
            study.sets = json.value("several_classes", false);
            json.at("split_seeds").get_to(study.split_seeds);
            json.at("published").get_to(study.published);
            json.at("published_source").get_to(study.published_source);
            json.at("model").get_to(study.model);
            json.at("experiment").get_to(study.experiment);
            if (json.contains("leaks")) study.leaks = leak_check_from(json.at("leaks"));
            study.leaky_protocol = json.value("leaky_protocol", "");
            for (const auto& clip : json.at("skipped")) {
                study.skipped.push_back(
                    {clip.at("id").get<std::string>(), clip.at("reason").get<std::string>()});
            }
            return state;
        });
    } catch (const UserError& error) {
        throw with_other_version(error, version);
    }
}

}  // namespace kickdrum
