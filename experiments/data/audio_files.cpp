// SPDX-License-Identifier: MIT
#include "experiments/data/audio_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

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

using AudioFiles = std::map<std::string, std::vector<std::filesystem::path>>;

class Search {
 public:
    explicit Search(Problems& problems) : problems_(problems) {}

    AudioFiles run(const std::filesystem::path& top) {
        folders_.push_back(top);
        while (!folders_.empty()) {
            const auto next = std::move(folders_.back());
            folders_.pop_back();
            folder(next);
        }
        for (auto& named : files_) std::ranges::sort(named.second);
        return std::move(files_);
    }

 private:
    void folder(const std::filesystem::path& folder) {
        std::error_code error;
        // The same folder again: a link led back to it.
        const auto real = std::filesystem::canonical(folder, error);
        if (!error && !seen_.insert(real).second) return;
        for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error)) {
            const std::filesystem::path& path = entry->path();
            std::error_code ignored;  // a link to nothing is no file
            if (entry->is_directory(ignored)) {
                if (!path.filename().string().starts_with('.')) folders_.push_back(path);
            } else if (is_audio(path) && entry->is_regular_file(ignored)) {
                files_[path.stem().string()].push_back(path);
            }
        }
        if (!error) return;
        problems_.add(
            {.message = fmt::format("can't list the audio folder: {}; check 'data.audio'", error.message()),
             .file = folder.string()});
    }

    Problems& problems_;
    AudioFiles files_;
    std::vector<std::filesystem::path> folders_;  // still to be searched
    std::set<std::filesystem::path> seen_;
};

}  // namespace

std::map<std::string, std::vector<std::filesystem::path>> audio_files(const std::filesystem::path& folder,
                                                                      Problems& problems) {
    return Search(problems).run(folder);
}

}  // namespace kickdrum
