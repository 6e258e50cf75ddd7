// SPDX-License-Identifier: MIT
#include "experiments/config/data_paths.h"

#include <fmt/format.h>

#include <cstdlib>

namespace kickdrum {
namespace {

constexpr std::string_view kVariable = "KICKDRUM_REFERENCE_DATA";

// The path with the variable put in. Throws the message of what is wrong.
std::string expanded(const std::string& path, const std::string& key) {
    const std::size_t begin = path.find("${");
    if (begin == std::string::npos) return path;
    const std::size_t end = path.find('}', begin);
    const std::string name = path.substr(begin + 2, end == std::string::npos ? end : end - begin - 2);
    if (end == std::string::npos || name != kVariable || begin != 0) {
        throw InvalidArgument(
            fmt::format("'{}' is '{}'; the only variable that a path may have is ${{{}}}, at its beginning",
                        key, path, kVariable));
    }
    const char* folder = std::getenv(std::string(kVariable).c_str());
    if (folder == nullptr || *folder == '\0') {
        throw InvalidArgument(
            fmt::format("'{}' uses ${{{}}}, which is not set; set it to the folder of the reference "
                        "data: export {}=/path/to/data",
                        key, kVariable, kVariable));
    }
    return folder + expanded(path.substr(end + 1), key);
}

void resolve(const YamlValue& root, const std::string& key, const std::filesystem::path& folder,
             std::filesystem::path& path, Problems& problems) {
    const YamlValue* value = value_at(root, key);
    if (value == nullptr || path.empty()) return;
    const std::filesystem::path here = std::filesystem::current_path();
    const bool typed_here = value->source != root.source;
    try {
        const std::string text = expanded(path.string(), key);
        const bool has_variable = text != path.string();
        const std::filesystem::path base = typed_here || has_variable ? here : here / folder;
        path = (base / text).lexically_normal();
    } catch (const InvalidArgument& error) {
        problems.add(value->problem(error.what()));
    }
}

}  // namespace

void resolve_data_paths(const YamlValue& root, const std::filesystem::path& folder, ExperimentConfig& config,
                        Problems& problems) {
    resolve(root, "data.labels", folder, config.data.labels, problems);
    resolve(root, config.data.pixels ? "data.images" : "data.audio", folder, config.data.audio, problems);
    resolve(root, "init_from", folder, config.transfer.init_from, problems);
    for (auto& spec : config.baselines) {
        const std::string path = "baselines." + spec.name;
        resolve(root, path + ".table", folder, spec.table, problems);
        resolve(root, path + ".model.results.folder", folder, spec.results.folder, problems);
    }
}

}  // namespace kickdrum
