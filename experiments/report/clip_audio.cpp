// SPDX-License-Identifier: MIT
#include "experiments/report/clip_audio.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>
#include <utility>

#include "experiments/config/read_experiment.h"
#include "experiments/config/yaml_value.h"
#include "experiments/data/labels.h"
#include "experiments/diagnostics.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

// What browsers play.
constexpr std::array<std::string_view, 6> kEndings = {".mp3", ".wav", ".flac", ".ogg", ".opus", ".MP3"};

std::string encoded(const std::string& path) {
    std::string text;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("/._-~").find(c) != std::string_view::npos;
        text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return text;
}

}  // namespace

ClipAudio::ClipAudio(const Results& results, fs::path page) : page_(std::move(page)) {
    Problems ignored;
    const auto root = parse_yaml(results.resolved_yaml, "resolved.yaml", ignored);
    const YamlValue* audio = root ? value_at(*root, "data.audio") : nullptr;
    std::error_code error;
    if (audio == nullptr || !fs::is_directory(audio->text, error)) return;
    folder_ = audio->text;
    try {
        const fs::path resolved = results.folder / "resolved.yaml";
        if (!fs::exists(resolved, error)) return;
        for (const auto& clip : read_labels(read_experiment(resolved, {}, MeantFor::another).data).clips)
            files_.emplace(clip.id, clip.audio);
    } catch (const UserError&) {
        files_.clear();  // what it takes isn't here: another computer, a table that has changed
    }
}

fs::path ClipAudio::file(const std::string& clip) const {
    std::error_code error;
    if (const auto known = files_.find(clip);
        known != files_.end() && fs::is_regular_file(known->second, error))
        return known->second;
    for (const auto ending : kEndings) {
        if (folder_.empty()) break;
        const fs::path file = folder_ / (clip + std::string(ending));
        if (fs::is_regular_file(file, error)) return file;
    }
    return {};
}

std::string ClipAudio::link(const std::string& clip) const {
    const fs::path found = file(clip);
    std::string ending = found.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
    if (std::ranges::find(kEndings, ending) == kEndings.end()) return {};
    std::error_code error;
    const fs::path relative = fs::relative(found, fs::absolute(page_, error), error);
    return encoded((error || relative.empty() ? found : relative).generic_string());
}

}  // namespace kickdrum
