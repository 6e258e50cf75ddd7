// SPDX-License-Identifier: MIT
#include "experiments/data/audio_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace kickdrum {
namespace {

// What is searched for, in the words of messages.
struct Media {
    std::vector<std::string_view> extensions;
    std::string_view name;
    std::string_view key;
};

Media audio() {
    return {.extensions = {".mp3", ".wav", ".flac", ".ogg", ".aiff", ".aif", ".au", ".opus"},
            .name = "audio folder",
            .key = "data.audio"};
}

Media pictures() {
    return {.extensions = {".png", ".jpg", ".jpeg"}, .name = "folder of pictures", .key = "data.images"};
}

bool is_one(const Media& media, const std::filesystem::path& file) {
    std::string extension = file.extension().string();
    for (char& c : extension) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return std::ranges::find(media.extensions, extension) != media.extensions.end();
}

using FilesByName = std::map<std::string, std::vector<std::filesystem::path>>;

class Search {
 public:
    Search(Media media, Problems& problems) : problems_(problems), media_(std::move(media)) {}

    FilesByName run(const std::filesystem::path& top) {
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
            } else if (is_one(media_, path) && entry->is_regular_file(ignored)) {
                files_[path.stem().string()].push_back(path);
            }
        }
        if (!error) return;
        problems_.add({.message = fmt::format("can't list the {}: {}; check '{}'", media_.name,
                                              error.message(), media_.key),
                       .file = folder.string()});
    }

    Problems& problems_;
    Media media_;
    FilesByName files_;
    std::vector<std::filesystem::path> folders_;  // still to be searched
    std::set<std::filesystem::path> seen_;
};

}  // namespace

std::map<std::string, std::vector<std::filesystem::path>> audio_files(const std::filesystem::path& folder,
                                                                      Problems& problems) {
    return Search(audio(), problems).run(folder);
}

std::map<std::string, std::vector<std::filesystem::path>> picture_files(const std::filesystem::path& folder,
                                                                        Problems& problems) {
    return Search(pictures(), problems).run(folder);
}

}  // namespace kickdrum
