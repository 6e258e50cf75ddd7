// SPDX-License-Identifier: MIT
#include "experiments/data/track_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/data/clip_time.h"
#include "experiments/data/label_table.h"
#include "experiments/data/output_folder.h"

namespace kickdrum {
namespace {

class RowReader {
 public:
    RowReader(const DataConfig& data, const TrackColumns& columns, double seconds, const LabelTable& table)
        : data_(data), names_(columns), seconds_(seconds), table_(table) {}

    TrackRows read(Problems& problems) {
        find_columns(problems);
        if (!problems.empty()) return {};
        for (const CsvRow& row : table_.rows) {
            if (counts(row)) take(row);
        }
        note_overlaps();
        std::ranges::stable_sort(rows_.bad, {}, &Diagnostic::line);
        return std::move(rows_);
    }

 private:
    bool has(const std::string& name) const {
        return std::ranges::find(table_.header.fields, name) != table_.header.fields.end();
    }

    void find_columns(Problems& problems) {
        id_ = table_.column(data_.id, "--id", problems);
        start_ = table_.column(names_.start, "--start", problems);
        if (names_.end_asked || has(names_.end)) end_ = table_.column(names_.end, "--end", problems);
        rows_.by_filename = names_.filename_asked || has(names_.filename);
        track_ = rows_.by_filename ? table_.column(names_.filename, "--filename", problems)
                                   : table_.column(data_.group, "--group", problems);
        if (data_.label) {
            label_ = table_.column(*data_.label, "--label", problems);
        } else {
            for (const auto& name : data_.classes)
                classes_.push_back(table_.column(name, "--classes", problems));
        }
    }

    bool counts(const CsvRow& row) {
        bool counted = true;
        if (label_) {
            const std::string& name = row.fields[*label_];
            counted = data_.classes.empty() ? !name.empty() : std::ranges::count(data_.classes, name) > 0;
        } else if (!classes_.empty()) {
            const auto set = std::ranges::count_if(
                classes_, [&](const auto& column) { return row.fields[*column] == "1"; });
            counted = set == 1 || (data_.sets() && set > 1) || data_.keep == KeepRows::all;
        }
        if (!counted) ++rows_.dropped;
        return counted;
    }

    void take(const CsvRow& row) {
        TrackClip clip{.id = row.fields[*id_], .track = row.fields[*track_], .row = row.line};
        const auto bad = [&](std::size_t column, std::string message) {
            rows_.bad.push_back(table_.problem(row.at[column], std::move(message)));
        };
        if (const std::string reason = reason_against_file_name(clip.id); !reason.empty()) {
            return bad(*id_,
                       fmt::format("the clip's name '{}' {}: ids become names of files", clip.id, reason));
        }
        if (clip.track.empty()) {
            return bad(*track_, fmt::format("'{}' is empty: name the track", table_.header.fields[*track_]));
        }
        const auto start = parse_clip_time(row.fields[*start_]);
        if (!start) return bad(*start_, not_a_time(row.fields[*start_], *start_));
        clip.start = *start;
        clip.end = *start + seconds_;
        if (end_ && !row.fields[*end_].empty()) {
            const auto end = parse_clip_time(row.fields[*end_]);
            if (!end) return bad(*end_, not_a_time(row.fields[*end_], *end_));
            if (*end <= *start) {
                return bad(*end_, fmt::format("the clip '{}' ends at {}, but begins at {}", clip.id,
                                              row.fields[*end_], row.fields[*start_]));
            }
            clip.end = *end;
        }
        const auto [first, added] = line_of_id_.emplace(clip.id, row.line);
        if (!added) {
            return bad(*id_,
                       fmt::format("clip '{}' is in the table twice, first in line {}: the first counts",
                                   clip.id, first->second));
        }
        rows_.clips.push_back(std::move(clip));
    }

    std::string not_a_time(const std::string& text, std::size_t column) const {
        return fmt::format("'{}' is '{}', which is no time: write m:ss, h:mm:ss or seconds",
                           table_.header.fields[column], text);
    }

    void note_overlaps() {
        std::map<std::string_view, std::vector<const TrackClip*>> by_track;
        for (const TrackClip& clip : rows_.clips) by_track[clip.track].push_back(&clip);
        for (auto& [track, clips] : by_track) {
            std::ranges::stable_sort(clips, {}, &TrackClip::start);
            const TrackClip* reaching = clips.front();  // that with the latest end so far
            for (std::size_t i = 1; i < clips.size(); ++i) {
                if (clips[i]->start < reaching->end) note_overlap(*reaching, *clips[i]);
                if (clips[i]->end > reaching->end) reaching = clips[i];
            }
        }
        std::ranges::stable_sort(rows_.notes, {}, &Diagnostic::line);
    }

    void note_overlap(const TrackClip& a, const TrackClip& b) {
        const TrackClip& first = a.row < b.row ? a : b;
        const TrackClip& later = a.row < b.row ? b : a;
        const bool same = a.start == b.start && a.end == b.end;
        const double shared = std::min(a.end, b.end) - b.start;
        rows_.notes.push_back(
            {.message = same ? fmt::format("the clip '{}' is the same piece of '{}' as '{}' (line {})",
                                           later.id, later.track, first.id, first.row)
                             : fmt::format("the clip '{}' overlaps with '{}' (line {}) by {:.3g} s of '{}'",
                                           later.id, first.id, first.row, shared, later.track),
             .file = table_.file,
             .line = later.row,
             .column = 1});
    }

    const DataConfig& data_;
    const TrackColumns& names_;
    double seconds_;
    const LabelTable& table_;
    TrackRows rows_;
    std::optional<std::size_t> id_, track_, start_, end_, label_;
    std::vector<std::optional<std::size_t>> classes_;
    std::map<std::string, int> line_of_id_;
};

}  // namespace

TrackRows read_track_rows(const DataConfig& data, const TrackColumns& columns, double seconds) {
    Problems form;  // rows with too few fields and the like
    const auto table = read_label_table(data.labels, form);
    if (!table) form.throw_if_any(ExitCode::data);
    Problems problems;
    TrackRows rows = RowReader(data, columns, seconds, *table).read(problems);
    problems.throw_if_any(ExitCode::data);
    rows.bad.insert(rows.bad.begin(), form.list().begin(), form.list().end());
    std::ranges::stable_sort(rows.bad, {}, &Diagnostic::line);
    return rows;
}

}  // namespace kickdrum
