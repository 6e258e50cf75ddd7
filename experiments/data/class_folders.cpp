// SPDX-License-Identifier: MIT
#include "experiments/data/class_folders.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/data/audio_files.h"
#include "experiments/data/group_pattern.h"
#include "experiments/diagnostics.h"
#include "experiments/nearest_name.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> folders_of(const fs::path& top, Problems& problems) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(top, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        const std::string name = entry->path().filename().string();
        if (entry->is_directory(ignored) && !name.starts_with('.')) names.push_back(name);
    }
    if (error) {
        problems.add(
            {.message = fmt::format("can't list the audio folder: {}; check 'data.audio'", error.message()),
             .file = top.string()});
    }
    std::ranges::sort(names);
    return names;
}

class FolderReader {
 public:
    explicit FolderReader(const DataConfig& config) : config_(config) { table_.file = config.audio; }

    ClipTable read() {
        const std::vector<std::string> folders = folders_of(config_.audio, problems_);
        problems_.throw_if_any(ExitCode::data);
        for (const auto& name : config_.classes) {
            if (std::ranges::find(folders, name) != folders.end()) continue;
            problem(fmt::format("there is no folder '{}'{}: add it, or leave it out of 'data.classes'", name,
                                did_you_mean(name, folders)));
        }
        const bool all = config_.classes.empty();
        for (const auto& name : all ? folders : config_.classes) take_class(name, all);
        if (table_.classes.size() < 2 && problems_.empty())
            problem("a classifier needs the folders of two classes or more");
        name_clips();
        if (config_.group_pattern) find_groups(GroupPattern(*config_.group_pattern));
        problems_.throw_if_any(ExitCode::data);
        return std::move(table_);
    }

 private:
    void take_class(const std::string& name, bool may_be_empty) {
        std::vector<fs::path> files;
        for (const auto& [stem, paths] :
             (config_.pixels ? picture_files : audio_files)(config_.audio / name, problems_))
            files.insert(files.end(), paths.begin(), paths.end());
        std::ranges::sort(files);
        if (files.empty()) {
            if (!may_be_empty)
                problem(fmt::format("class '{}' has no {} in its folder", name,
                                    config_.pixels ? "picture" : "audio file"));
            return;
        }
        const auto label = static_cast<int>(table_.classes.size());
        table_.classes.push_back(name);
        for (auto& file : files)
            table_.clips.push_back(
                {.id = {}, .group = {}, .label = label, .row = 0, .audio = std::move(file)});
    }

    void name_clips() {
        std::map<std::string, int> uses;
        for (const Clip& clip : table_.clips) ++uses[clip.audio.stem().string()];
        std::map<std::string, fs::path> taken;
        for (Clip& clip : table_.clips) {
            clip.id = clip.audio.stem().string();
            if (uses[clip.id] > 1) {
                clip.id = (clip.audio.parent_path() / clip.id).lexically_relative(config_.audio).string();
                std::ranges::replace(clip.id, '/', '_');
            }
            clip.group = clip.id;
            const auto [other, added] = taken.emplace(clip.id, clip.audio);
            if (!added) {
                problem(fmt::format("'{}' and '{}' would both be clip '{}': rename or remove one",
                                    other->second.string(), clip.audio.string(), clip.id));
            }
        }
    }

    void find_groups(const GroupPattern& pattern) {
        for (Clip& clip : table_.clips) {
            const std::string name = clip.audio.stem().string();
            const auto group = pattern.group_of(name);
            if (group) {
                clip.group = *group;
            } else {
                problem(fmt::format("'{}' doesn't match 'data.group_pattern' ({})", name,
                                    *config_.group_pattern));
            }
        }
    }

    void problem(std::string message) {
        problems_.add({.message = std::move(message), .file = config_.audio.string()});
    }

    const DataConfig& config_;
    Problems problems_;
    ClipTable table_;
};

}  // namespace

ClipTable read_class_folders(const DataConfig& config) {
    return FolderReader(config).read();
}

}  // namespace kickdrum
