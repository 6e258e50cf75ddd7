// SPDX-License-Identifier: MIT
#include "experiments/data/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "experiments/data/audio_files.h"
#include "experiments/data/class_folders.h"
#include "experiments/data/group_pattern.h"
#include "experiments/data/label_sets.h"
#include "experiments/data/label_table.h"
#include "experiments/nearest_name.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

// What people call the column of the piece that a clip was cut from.
bool names_track(std::string name) {
    static constexpr std::array<std::string_view, 9> kNames = {
        "spot_id", "track", "track_id", "trackid", "song", "song_id", "recording", "recording_id", "piece"};
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    return std::ranges::find(kNames, name) != kNames.end();
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

class LabelReader {
 public:
    LabelReader(const DataConfig& config, const LabelTable& table, Problems& problems)
        : config_(config), table_(table), problems_(problems) {
        clips_.classes = config.classes;
        clips_.sets = config.sets();
        clips_.file = config.labels;
    }

    ClipTable read() {
        id_ = table_.column(config_.id, "data.id", problems_);
        if (config_.filename) filename_ = table_.column(*config_.filename, "data.filename", problems_);
        if (config_.group_pattern) {
            pattern_.emplace(*config_.group_pattern);
        } else {
            group_ = table_.column(config_.group, "data.group", problems_);
        }
        find_class_columns();
        find_track_columns();
        for (const auto& row : table_.rows) {
            check_id(row);
            check_group(row);
            if (const auto label = label_of(row)) keep(row, *label);
        }
        count_dropped();
        check_classes();
        return std::move(clips_);
    }

 private:
    void find_class_columns() {
        if (config_.label) {
            label_ = table_.column(*config_.label, "data.label", problems_);
            if (label_ && config_.classes.empty()) take_classes_from_column();
            return;
        }
        for (const auto& name : config_.classes) {
            class_columns_.push_back(table_.column(name, "data.classes", problems_));
            if (!class_columns_.back()) whole_ = false;
        }
    }

    // Those that the group isn't taken from.
    void find_track_columns() {
        for (std::size_t column = 0; column < table_.header.fields.size(); ++column) {
            const std::string& name = table_.header.fields[column];
            if (column == id_ || column == group_ || column == label_ || !names_track(name)) continue;
            track_columns_.push_back(column);
            clips_.track_columns.push_back(name);
        }
    }

    void take_classes_from_column() {
        std::set<std::string> names;
        for (const auto& row : table_.rows) {
            for (const auto& name : names_of(row)) names.insert(name);
        }
        clips_.classes.assign(names.begin(), names.end());
        if (clips_.sets && names.size() > kMostClassesInSets) {
            problems_.add(
                table_.problem(table_.header.at[*label_],
                               fmt::format("'{}' names {} classes; clips with several take up to {}: "
                                           "choose some with 'data.classes'",
                                           *config_.label, names.size(), kMostClassesInSets)));
        }
    }

    // The classes that a row's cell names.
    std::vector<std::string> names_of(const CsvRow& row) const {
        std::vector<std::string> names;
        const std::string& cell = row.fields[*label_];
        const char separator = config_.label_separator ? config_.label_separator->front() : kSetSeparator;
        std::size_t start = 0;
        while (start <= cell.size()) {
            const std::size_t end =
                clips_.sets ? std::min(cell.size(), cell.find(separator, start)) : cell.size();
            const std::string name =
                clips_.sets ? trimmed(cell.substr(start, end - start)) : cell.substr(start, end - start);
            if (!name.empty()) names.push_back(name);
            start = end + 1;
        }
        return names;
    }

    void check_id(const CsvRow& row) {
        if (!id_) return;
        const std::string& id = row.fields[*id_];
        if (id.empty()) {
            problem(row, *id_,
                    fmt::format("'{}' is empty: name the clip's audio file, without extension", config_.id));
            return;
        }
        if (id.find_first_of("/\\") != std::string::npos) {
            problem(row, *id_,
                    fmt::format("'{}' has a path separator: ids are names of files in the audio folder", id));
        }
        const auto [first, added] = line_of_id_.emplace(id, row.line);
        if (!added) {
            problem(row, *id_,
                    fmt::format("clip '{}' is in the table twice, first in line {}: remove one of the rows",
                                id, first->second));
        }
    }

    void check_group(const CsvRow& row) {
        if (!group_ || !row.fields[*group_].empty()) return;
        problem(row, *group_,
                fmt::format("'{}' is empty: name the track that the clip was cut from", config_.group));
    }

    // The class of a row; nothing where it is dropped or wrong.
    std::optional<int> label_of(const CsvRow& row) {
        if (config_.label) return clips_.sets ? set_by_name(row) : label_by_name(row);
        if (config_.classes.empty()) return 0;
        int set = 0;
        int label = 0;
        unsigned bits = 0;
        bool valid = whole_;
        for (std::size_t c = 0; c < class_columns_.size(); ++c) {
            if (!class_columns_[c]) continue;
            const std::string& cell = row.fields[*class_columns_[c]];
            if (cell == "1") {
                ++set;
                label = static_cast<int>(c);
                bits |= 1U << c % 32;
                ++rows_with_[config_.classes[c]];
            } else if (cell != "0") {
                valid = false;
                problem(row, *class_columns_[c],
                        fmt::format("'{}' is '{}', but must be 0 or 1", config_.classes[c], cell));
            }
        }
        if (valid && clips_.sets && (set > 0 || config_.keep == KeepRows::all)) return static_cast<int>(bits);
        if (valid && set == 0) ++none_;
        if (valid && set > 1) ++several_;
        return valid && set == 1 ? std::optional(label) : std::nullopt;
    }

    std::optional<int> label_by_name(const CsvRow& row) {
        if (!label_) return std::nullopt;
        const std::string& name = row.fields[*label_];
        ++rows_with_[name];
        const auto found = std::ranges::find(clips_.classes, name);
        if (found != clips_.classes.end() && !name.empty())
            return static_cast<int>(found - clips_.classes.begin());
        ++(name.empty() ? unnamed_ : none_);
        return std::nullopt;
    }

    // Names that aren't among the classes don't count.
    std::optional<int> set_by_name(const CsvRow& row) {
        if (!label_) return std::nullopt;
        unsigned set = 0;
        const auto names = names_of(row);
        for (const auto& name : names) {
            ++rows_with_[name];
            const auto found = std::ranges::find(clips_.classes, name);
            if (found != clips_.classes.end()) set |= 1U << (found - clips_.classes.begin()) % 32;
        }
        if (set != 0 || config_.keep == KeepRows::all) return static_cast<int>(set);
        ++(names.empty() ? unnamed_ : none_);
        return std::nullopt;
    }

    void keep(const CsvRow& row, int label) {
        if (!id_ || (!group_ && !pattern_)) return;
        Clip clip{.id = row.fields[*id_], .group = {}, .label = label, .row = row.line, .audio = {}};
        if (filename_) take_filename(row, clip);
        if (pattern_) {
            const std::string name = filename_ ? fs::path(row.fields[*filename_]).stem().string() : clip.id;
            const auto group = pattern_->group_of(name);
            if (!group) {
                problem(row, *id_,
                        fmt::format("'{}' doesn't match 'data.group_pattern' ({})", name,
                                    *config_.group_pattern));
            }
            clip.group = group.value_or("");
        } else {
            clip.group = row.fields[*group_];
        }
        for (const std::size_t column : track_columns_) clip.tracks.push_back(row.fields[column]);
        clips_.clips.push_back(std::move(clip));
    }

    void take_filename(const CsvRow& row, Clip& clip) {
        const fs::path name(row.fields[*filename_]);
        if (name.empty() || name.is_absolute() || std::ranges::count(name, "..") > 0) {
            problem(row, *filename_,
                    fmt::format("'{}' is '{}': write the clip's file as a path below the audio folder",
                                *config_.filename, name.string()));
            return;
        }
        if (config_.audio.empty()) return;
        std::error_code ignored;
        if (fs::is_regular_file(config_.audio / name, ignored)) clip.audio = config_.audio / name;
    }

    void count_dropped() {
        const auto add = [&](int rows, std::string reason) {
            if (rows > 0) clips_.dropped.push_back({.reason = std::move(reason), .rows = rows});
        };
        add(none_,
            config_.label ? fmt::format("with another '{}'", *config_.label) : "with none of the classes");
        add(several_, "with more than one of the classes");
        add(unnamed_, fmt::format("with an empty '{}'", config_.label.value_or("")));
    }

    // Every class needs a clip. Where columns are missing or no row is left, that has been said already.
    void check_classes() {
        if (!whole_ || (config_.label && !label_) || !id_ || (!group_ && !pattern_) || table_.rows.empty())
            return;
        if (!config_.label && clips_.classes.empty()) return;  // clips without labels
        std::vector<bool> present(clips_.classes.size());
        for (const auto& clip : clips_.clips) {
            for (std::size_t c = 0; c < present.size(); ++c) {
                if (has_class(clip.label, c, clips_.sets)) present[c] = true;
            }
        }
        for (std::size_t c = 0; c < present.size(); ++c) {
            if (!present[c]) report_class_without_clip(c);
        }
        if (config_.label && clips_.classes.empty()) {
            problems_.add(table_.problem(
                table_.header.at[*label_],
                fmt::format("every '{}' is empty: name the classes of the clips", *config_.label)));
        }
    }

    void report_class_without_clip(std::size_t c) {
        const std::string& name = clips_.classes[c];
        if (config_.label) {
            std::vector<std::string> names;
            for (const auto& entry : rows_with_) names.push_back(entry.first);
            problems_.add(table_.problem(
                table_.header.at[*label_],
                fmt::format(
                    "no row has '{}' as its '{}'{}: label clips of it, or leave it out of 'data.classes'",
                    name, *config_.label, did_you_mean(name, names))));
            return;
        }
        const int rows = rows_with_[name];
        problems_.add(table_.problem(
            table_.header.at[*class_columns_[c]],
            fmt::format(
                "class '{}' has no clip, {}: label clips of it, or leave it out of 'data.classes'", name,
                rows == 0 ? "no row has a 1 here"
                          : fmt::format("every row with a 1 here ({}) has another class too", rows))));
    }

    void problem(const CsvRow& row, std::size_t column, std::string message) {
        problems_.add(table_.problem(row.at[column], std::move(message)));
    }

    const DataConfig& config_;
    const LabelTable& table_;
    Problems& problems_;
    ClipTable clips_;
    std::optional<std::size_t> id_;
    std::optional<std::size_t> group_;
    std::optional<std::size_t> filename_;
    std::optional<GroupPattern> pattern_;
    std::vector<std::size_t> track_columns_;
    std::optional<std::size_t> label_;
    std::vector<std::optional<std::size_t>> class_columns_;
    bool whole_ = true;  // every class has its column
    std::map<std::string, int> line_of_id_;
    std::map<std::string, int> rows_with_;  // by class
    int none_ = 0;
    int several_ = 0;
    int unnamed_ = 0;
};

void find_audio(const DataConfig& config, ClipTable& table, Problems& problems) {
    if (config.audio.empty() || config.filename) return;
    const auto files = (config.pixels ? picture_files : audio_files)(config.audio, problems);
    for (auto& clip : table.clips) {
        const auto found = files.find(clip.id);
        if (found == files.end()) continue;
        clip.audio = found->second.front();
        if (found->second.size() == 1) continue;
        std::string names;
        for (const auto& file : found->second) {
            names += fmt::format("{}'{}'", names.empty() ? "" : ", ", file.filename().string());
        }
        problems.add({.message = fmt::format("clip '{}' (line {} of '{}') has {} {}: {}; keep one", clip.id,
                                             clip.row, table.file.string(), found->second.size(),
                                             config.pixels ? "pictures" : "audio files", names),
                      .file = config.audio.string()});
    }
}

}  // namespace

ClipTable read_labels(const DataConfig& config) {
    if (config.layout == DataLayout::folder_per_class) return read_class_folders(config);
    Problems problems;
    ClipTable clips;
    if (const auto table = read_label_table(config.labels, problems)) {
        clips = LabelReader(config, *table, problems).read();
    }
    find_audio(config, clips, problems);
    problems.throw_if_any(ExitCode::data);
    return clips;
}

}  // namespace kickdrum
