// SPDX-License-Identifier: MIT
#include "experiments/commands/cuda_status_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

double gibibytes(std::size_t bytes) {
    return static_cast<double>(bytes) / (1024.0 * 1024 * 1024);
}

std::string versions(const CudaFacts& facts) {
    std::string text = fmt::format("runtime {}", cuda_version_text(facts.runtime));
    if (facts.driver > 0) {
        text += fmt::format(", driver {}for CUDA {}",
                            facts.driver_release.empty() ? "" : facts.driver_release + " ",
                            cuda_version_text(facts.driver));
    }
    if (facts.cudnn > 0) text += fmt::format(", cuDNN {}", cudnn_version_text(facts.cudnn));
    for (const auto& [name, version] : facts.libraries) text += fmt::format(", {} {}", name, version);
    return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> cuda_lines(const CudaStatus& status) {
    std::vector<std::pair<std::string, std::string>> lines;
    if (status.usable()) {
        lines.emplace_back("CUDA", "usable");
    } else {
        lines.emplace_back("CUDA", fmt::format("can't be used: {}", status.what));
        lines.emplace_back("", fmt::format("what to do: {}", status.remedy));
    }
    if (status.facts.built) lines.emplace_back("", versions(status.facts));
    for (std::size_t i = 0; i < status.facts.gpus.size(); ++i) {
        const GpuFacts& gpu = status.facts.gpus[i];
        lines.emplace_back(
            fmt::format("GPU {}", i),
            fmt::format("{}, {}, {:.1f} GiB memory, {} multiprocessors{}", gpu.name,
                        architecture_text(gpu.architecture), gibibytes(gpu.memory_bytes), gpu.multiprocessors,
                        i == 0 && status.usable() ? "; the one that is used" : ""));
    }
    return lines;
}

Json cuda_json(const CudaStatus& status) {
    const CudaFacts& facts = status.facts;
    Json json{{"available", status.usable()}, {"built", facts.built}};
    if (!status.usable()) {
        json["problem"] = to_string(status.problem);
        json["why"] = status.what;
        json["remedy"] = status.remedy;
    }
    if (!facts.built) return json;
    json["runtime"] = cuda_version_text(facts.runtime);
    if (facts.driver > 0) json["driver_cuda"] = cuda_version_text(facts.driver);
    if (!facts.driver_release.empty()) json["driver"] = facts.driver_release;
    json["libraries"] = facts.libraries;
    if (facts.cudnn > 0) json["libraries"]["cuDNN"] = cudnn_version_text(facts.cudnn);
    json["gpus"] = Json::array();
    for (const auto& gpu : facts.gpus) {
        json["gpus"].push_back({{"name", gpu.name},
                                {"architecture", architecture_text(gpu.architecture)},
                                {"memory_bytes", gpu.memory_bytes},
                                {"multiprocessors", gpu.multiprocessors}});
    }
    return json;
}

}  // namespace kickdrum
