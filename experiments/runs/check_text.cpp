// SPDX-License-Identifier: MIT
// What `kickdrum check` prints.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiments/runs/check.h"
#include "experiments/runs/leak_json.h"
#include "experiments/runs/memory_text.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::array kParts = {Part::train, Part::val, Part::test};

std::string duration(double seconds) {
    if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
    if (seconds < 120) return fmt::format("{:.1f} s", seconds);
    if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:.1f} h", seconds / 3600);
}

// 8482629 as 8,482,629
std::string grouped(std::int64_t number) {
    if (number < 1000) return std::to_string(number);
    return fmt::format("{},{:03}", grouped(number / 1000), number % 1000);
}

// The extents of one clip: "64x64x32".
std::string extents(const Shape& shape) {
    std::string text;
    for (int axis = 1; axis < shape.rank(); ++axis) {
        text += fmt::format("{}{}", axis > 1 ? "x" : "", shape[axis]);
    }
    return text;
}

std::string dropped(const LayerRow& row) {
    if (row.dropped_rows == 0 && row.dropped_columns == 0) return "";
    return fmt::format("drops {} rows, {} columns", row.dropped_rows, row.dropped_columns);
}

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Columns from `first_number` up to `end_number` are numbers and stand to the right.
std::string table_text(const Rows& rows, std::size_t first_number, std::size_t end_number) {
    std::vector<std::size_t> widths(rows[0].size());
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line = " ";
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string gap(widths[i] - columns_of(row[i]), ' ');
            const bool to_the_right = i >= first_number && i < end_number;
            line += fmt::format(" {}{} ", to_the_right ? gap : row[i], to_the_right ? row[i] : gap);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

std::string split_text(const CheckReport& report, const SplitCheck& split) {
    Rows rows{{"class", "train", "val", "test", "all"}};
    for (std::size_t label = 0; label < split.clips.size(); ++label) {
        const auto& counts = split.clips[label];
        rows.push_back({report.table.classes[label], std::to_string(counts[0]), std::to_string(counts[1]),
                        std::to_string(counts[2]), std::to_string(counts[0] + counts[1] + counts[2])});
    }
    rows.push_back({"clips", std::to_string(split.all_clips[0]), std::to_string(split.all_clips[1]),
                    std::to_string(split.all_clips[2]), std::to_string(report.table.clips.size())});
    rows.push_back({"groups", std::to_string(split.groups[0]), std::to_string(split.groups[1]),
                    std::to_string(split.groups[2]), std::to_string(report.groups)});
    return fmt::format("Split with seed {}\n{}", split.seed, table_text(rows, 1, 5));
}

std::string convolutions_text(const CheckReport& report) {
    Rows rows{{"convolution", "pass", "plan"}};
    for (const auto& one : report.convolutions) {
        const std::string plan = one.plan.found ? one.plan.description : "none: " + one.plan.description;
        rows.push_back({one.layer, std::string(to_string(one.pass)), plan});
    }
    return fmt::format("\nConvolutions on {}\n{}", report.architecture, table_text(rows, 3, 3));
}

// The last words: is anything wrong?
std::string verdict_text(const CheckReport& report) {
    const std::string& file = report.config->file.string();
    if (report.architecture.empty()) return fmt::format("Nothing is wrong: kickdrum run {}\n", file);
    const auto without = std::ranges::count_if(report.convolutions,
                                               [](const ConvolutionCheck& one) { return !one.plan.found; });
    if (without == 0) {
        return fmt::format(
            "Every convolution has a plan on {0}: kickdrum run {1} --device cuda, on a computer with "
            "such a GPU\n",
            report.architecture, file);
    }
    return fmt::format(
        "{} of {} passes have no plan on {}: the network can't train there. Another 'math', "
        "'deterministic: false' or other numbers of filters may help\n",
        without, report.convolutions.size(), report.architecture);
}

std::string time_text(const TimeCheck& time) {
    return fmt::format(
        "Time, an estimate from a few steps on this computer: {} per step, {} per epoch, at most {} in all\n",
        duration(time.step_seconds), duration(time.epoch_seconds), duration(time.total_seconds));
}

std::string layers_text(const CheckReport& report) {
    Rows rows{{"layer", "description", "output", "parameters", ""}};
    for (const auto& layer : report.layers) {
        rows.push_back(
            {layer.name, layer.description, extents(layer.dst), grouped(layer.parameters()), dropped(layer)});
    }
    return fmt::format("Network: {} parameters\n{}", grouped(parameter_count(report.layers)),
                       table_text(rows, 2, 4));
}

std::string plan_text(const RunPlan& plan) {
    const std::string threads = fmt::format("{} thread{}", plan.threads, plan.threads == 1 ? "" : "s");
    return plan.parallel == 1 ? threads
                              : fmt::format("{} runs at a time with {} each", plan.parallel, threads);
}

std::string device_text(const CheckReport& report) {
    if (!report.architecture.empty()) {
        return fmt::format("a GPU of architecture {} ({}, {} runs at a time)", report.architecture,
                           to_string(report.config->math), report.plan.parallel);
    }
    if (report.device == Device::cpu)
        return fmt::format("the CPU ({}, {})", report.simd, plan_text(report.plan));
    const std::string runs =
        report.plan.parallel > 1 ? fmt::format(", {} runs at a time", report.plan.parallel) : "";
    return fmt::format("the GPU ({}, {}{})", report.gpu, to_string(report.config->math), runs);
}

std::string memory_text(const MemoryCheck& memory, int parallel_runs) {
    return fmt::format(
        "\nMemory: {} (features {}; {}weights, gradients and moments {}; best weights {}; activations {})\n",
        mebibytes(memory.total(parallel_runs)), mebibytes(memory.features),
        parallel_runs == 1 ? "" : fmt::format("in each of {} runs at a time: ", parallel_runs),
        mebibytes(memory.parameters), mebibytes(memory.best_weights), mebibytes(memory.activations));
}

Json split_json(const CheckReport& report, const SplitCheck& split) {
    Json json;
    json["seed"] = split.seed;
    for (std::size_t part = 0; part < kParts.size(); ++part) {
        Json& one = json["parts"][std::string(to_string(kParts[part]))];
        one["clips"] = split.all_clips[part];
        one["groups"] = split.groups[part];
        for (std::size_t label = 0; label < split.clips.size(); ++label) {
            one["per_class"][report.table.classes[label]] = split.clips[label][part];
        }
    }
    return json;
}

// Of the same audio in one part: no leak, but worth knowing.
std::string together_text(const LeakCheck& leaks) {
    if (leaks.pairs_together == 0) return "";
    return fmt::format(", {} pair{} of groups with the same audio in one part", leaks.pairs_together,
                       leaks.pairs_together == 1 ? "" : "s");
}

Json convolutions_json(const CheckReport& report) {
    Json list = Json::array();
    for (const auto& one : report.convolutions) {
        list.push_back({{"layer", one.layer},
                        {"pass", to_string(one.pass)},
                        {"found", one.plan.found},
                        {"description", one.plan.description},
                        {"engine", one.plan.engine},
                        {"notes", one.plan.notes},
                        {"workspace_bytes", one.plan.scratch_bytes}});
    }
    return list;
}

Json layers_json(const CheckReport& report) {
    Json layers = Json::array();
    for (const auto& layer : report.layers) {
        Json output = Json::array();
        for (int axis = 1; axis < layer.dst.rank(); ++axis) output.push_back(layer.dst[axis]);
        layers.push_back({{"name", layer.name},
                          {"description", layer.description},
                          {"output", output},
                          {"parameters", layer.parameters()},
                          {"dropped_rows", layer.dropped_rows},
                          {"dropped_columns", layer.dropped_columns}});
    }
    return layers;
}

}  // namespace

std::string to_text(const CheckReport& report) {
    const ExperimentConfig& config = *report.config;
    std::string text = fmt::format("{}: {} runs of at most {} epochs, batches of {}, seed {}, on {}\n\n",
                                   config.name, config.runs, config.training.epochs,
                                   config.training.batch_size, config.seed, device_text(report));
    text += fmt::format("Data: {} clips in {} groups and {} classes; {} computed now, {} from the cache\n",
                        report.table.clips.size(), report.groups, report.table.classes.size(),
                        report.computed, report.from_cache);
    for (const auto& clip : report.skipped) text += fmt::format("  left out: {}\n", clip.reason);
    for (const auto& split : report.splits) text += fmt::format("\n{}", split_text(report, split));
    if (report.leaks.pairs.empty())
        text += fmt::format("\nNo audio is in two parts: {} clips compared{}\n", report.leaks.clips,
                            together_text(report.leaks));
    text += fmt::format("\n{}", layers_text(report));
    if (!report.architecture.empty()) text += convolutions_text(report);
    text += memory_text(report.memory, report.plan.parallel);
    text += report.architecture.empty()
                ? time_text(report.time)
                : "This is an estimate, and what CUDA and its libraries take comes on top of it.\n";
    for (const auto& warning : report.warnings) text += fmt::format("warning: {}\n", warning);
    return text + verdict_text(report);
}

std::string to_json(const CheckReport& report) {
    const ExperimentConfig& config = *report.config;
    Json json;
    json["name"] = config.name;
    json["file"] = config.file.string();
    json["runs"] = config.runs;
    json["seed"] = config.seed;
    json["epochs"] = config.training.epochs;
    json["batch_size"] = config.training.batch_size;
    json["device"] = to_string(report.device);
    if (!report.gpu.empty()) json["gpu"] = report.gpu;
    json["math"] = to_string(report.device == Device::cuda ? config.math : Math::fp32);
    json["simd"] = report.simd;
    json["parallel_runs"] = report.plan.parallel;
    json["threads"] = report.threads;
    json["threads_per_run"] = report.plan.threads;
    json["classes"] = report.table.classes;
    json["clips"] = report.table.clips.size();
    json["groups"] = report.groups;
    json["features"] = {{"computed", report.computed}, {"from_cache", report.from_cache}};
    json["skipped"] = Json::array();
    for (const auto& clip : report.skipped) {
        json["skipped"].push_back({{"sample_id", clip.id}, {"reason", clip.reason}});
    }
    for (const auto& split : report.splits) json["splits"].push_back(split_json(report, split));
    json["leaks"] = to_json(report.leaks);
    json["model"] = {{"parameters", parameter_count(report.layers)}, {"layers", layers_json(report)}};
    json["implementations"] = Json::object();
    for (const auto& [layer, implementation] : report.implementations) {
        json["implementations"][layer] = implementation;
    }
    const MemoryCheck& memory = report.memory;
    json["memory_bytes"] = {{"features", memory.features},
                            {"parameters", memory.parameters},
                            {"best_weights", memory.best_weights},
                            {"activations", memory.activations},
                            {"total", memory.total(report.plan.parallel)}};
    json["warnings"] = report.warnings;
    if (report.architecture.empty()) {
        json["estimated_seconds"] = {{"step", report.time.step_seconds},
                                     {"epoch", report.time.epoch_seconds},
                                     {"total", report.time.total_seconds}};
    } else {
        json["architecture"] = report.architecture;
        json["plans"] = report.plans();
        json["convolutions"] = convolutions_json(report);
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace kickdrum
