// SPDX-License-Identifier: MIT
#include "experiments/report/clip_audio.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include "experiments/config/yaml_value.h"

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
}

std::string ClipAudio::link(const std::string& clip) const {
    std::error_code error;
    for (const auto ending : kEndings) {
        if (folder_.empty()) break;
        const fs::path file = folder_ / (clip + std::string(ending));
        if (!fs::is_regular_file(file, error)) continue;
        const fs::path relative = fs::relative(file, fs::absolute(page_, error), error);
        return encoded((error || relative.empty() ? file : relative).generic_string());
    }
    return {};
}

}  // namespace kickdrum
