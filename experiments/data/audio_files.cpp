// SPDX-License-Identifier: MIT
#include "experiments/data/audio_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace kickdrum {
namespace {

bool is_audio(const std::filesystem::path& file) {
    constexpr std::array<std::string_view, 8> kKnown{".mp3",  ".wav", ".flac", ".ogg",
                                                     ".aiff", ".aif", ".au",   ".opus"};
    std::string extension = file.extension().string();
    for (char& c : extension) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return std::ranges::find(kKnown, extension) != kKnown.end();
}

}  // namespace

std::map<std::string, std::vector<std::filesystem::path>> audio_files(const std::filesystem::path& folder,
                                                                      Problems& problems) {
    std::map<std::string, std::vector<std::filesystem::path>> files;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;  // a link to nothing is no file
        if (is_audio(entry->path()) && entry->is_regular_file(ignored)) {
            files[entry->path().stem().string()].push_back(entry->path());
        }
    }
    if (error) {
        problems.add(
            {.message = fmt::format("can't list the audio folder: {}; check 'data.audio'", error.message()),
             .file = folder.string()});
    }
    for (auto& named : files) std::ranges::sort(named.second);
    return files;
}

}  // namespace kickdrum
