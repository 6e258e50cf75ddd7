// SPDX-License-Identifier: MIT
#include "experiments/baselines/baseline_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "experiments/data/bad_clips.h"
#include "experiments/data/feature_table.h"
#include "experiments/data/label_table.h"
#include "experiments/data/select.h"
#include "experiments/data/split.h"
#include "experiments/diagnostics.h"

namespace kickdrum {
namespace {

constexpr std::size_t kMostNamed = 10;  // mistakes of one kind that are listed

struct Loaded {
    FeatureColumns columns;
    std::vector<BadClip> bad;
};

Loaded computed(FeatureTable table, std::size_t clips) {
    Loaded loaded{.columns = {.names = std::move(table.names), .values = {}}, .bad = std::move(table.bad)};
    loaded.columns.values = Matrix(clips, loaded.columns.names.size());
    std::ranges::copy(table.values, loaded.columns.values.values.begin());
    return loaded;
}

double number_of(const std::string& text) {
    double value = std::nan("");
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    return result.ec == std::errc() && result.ptr == end ? value : std::nan("");
}

Loaded from_table(const std::filesystem::path& file, const ClipTable& labels) {
    Problems problems;
    const auto table = read_label_table(file, problems);
    problems.throw_if_any(ExitCode::data);
    if (table->header.fields.size() < 2) {
        throw UserError(
            ExitCode::data,
            {{.message = "a table of features has the clip's name in its first column and a feature in "
                         "each other one",
              .file = file.string(),
              .line = 1,
              .column = 1}});
    }
    Loaded loaded;
    loaded.columns.names.assign(table->header.fields.begin() + 1, table->header.fields.end());
    loaded.columns.values = Matrix(labels.clips.size(), loaded.columns.names.size());
    std::map<std::string, const CsvRow*> rows;
    for (const auto& row : table->rows) {
        if (!rows.emplace(row.fields[0], &row).second)
            problems.add(
                table->problem(row.at[0], fmt::format("clip '{}' stands here a second time", row.fields[0])));
    }
    for (std::size_t clip = 0; clip < labels.clips.size(); ++clip) {
        const auto row = rows.find(labels.clips[clip].id);
        if (row == rows.end()) {
            loaded.bad.push_back({.clip = clip, .reason = fmt::format("it isn't in '{}'", file.string())});
            continue;
        }
        for (std::size_t c = 0; c < loaded.columns.names.size(); ++c) {
            const std::string& field = row->second->fields[c + 1];
            const double value = number_of(field);
            loaded.columns.values.row(clip)[c] = value;
            if (!std::isfinite(value) && problems.list().size() < kMostNamed)
                problems.add(table->problem(
                    row->second->at[c + 1],
                    fmt::format(
                        "feature '{}' of clip '{}' is '{}', which is no finite number; mend it or take the "
                        "row out",
                        loaded.columns.names[c], row->first, field)));
        }
    }
    problems.throw_if_any(ExitCode::data);
    return loaded;
}

// Trees would take them, the others not; none of the computed features should be one.
void refuse_what_is_no_number(const ClipTable& table, const FeatureColumns& columns) {
    Problems problems;
    for (std::size_t clip = 0; clip < columns.values.rows; ++clip) {
        for (std::size_t c = 0; c < columns.values.columns && problems.list().size() < kMostNamed; ++c) {
            if (std::isfinite(columns.values.row(clip)[c])) continue;
            problems.add({.message = fmt::format(
                              "feature '{}' of clip '{}' is no finite number; leave the clip out of "
                              "the table",
                              columns.names[c], table.clips[clip].id),
                          .file = table.file.string(),
                          .line = table.clips[clip].row,
                          .column = 1});
        }
    }
    problems.throw_if_any(ExitCode::data);
}

void keep_rows(Matrix& values, const std::vector<std::size_t>& dropped) {
    std::vector<std::int32_t> kept;
    for (std::size_t i = 0; i < values.rows; ++i) {
        if (!std::ranges::binary_search(dropped, i)) kept.push_back(static_cast<std::int32_t>(i));
    }
    values = rows_of(values, kept);
}

}  // namespace

std::string feature_source(const BaselineSpec& spec) {
    return spec.table.empty() ? std::string(to_string(spec.features)) : spec.table.string();
}

std::vector<const BaselineSpec*> fitted_baselines(const ExperimentConfig& config) {
    const BaselineSpec* chosen = config.chosen_baseline();
    if (chosen == nullptr) return {};
    if (chosen->kind != BaselineKind::vote) return {chosen};
    std::vector<const BaselineSpec*> members;
    for (const auto& name : chosen->vote.members) {
        const BaselineSpec* member = find_baseline(config.baselines, name);
        if (member != nullptr && member->kind != BaselineKind::results) members.push_back(member);
    }
    return members;
}

BaselineData load_baseline_data(const ExperimentConfig& config, const std::vector<const BaselineSpec*>& specs,
                                const ClipTable& labels, const FeatureOptions& options,
                                const FeatureProgress& progress) {
    BaselineData data;
    std::vector<BadClip> bad;
    for (const auto* spec : specs) {
        const std::string source = feature_source(*spec);
        if (data.features.contains(source)) continue;
        Loaded loaded;
        if (spec->table.empty()) {
            FeatureTable table = load_feature_table(labels, spec->features, options, progress);
            data.stopped = table.stopped;
            if (data.stopped) return data;
            data.from_cache += table.from_cache;
            if (!table.not_saved.empty()) data.warnings.push_back(table.not_saved);
            loaded = computed(std::move(table), labels.clips.size());
        } else {
            loaded = from_table(spec->table, labels);
        }
        for (const auto& one : loaded.bad) {
            if (std::ranges::find(bad, one.clip, &BadClip::clip) == bad.end()) bad.push_back(one);
        }
        data.features.emplace(source, std::move(loaded.columns));
    }
    std::ranges::sort(bad, {}, &BadClip::clip);
    if (!bad.empty() && config.data.on_bad_clip == OnBadClip::stop)
        refuse_bad_clips(labels, bad, "--set data.on_bad_clip=skip");
    std::vector<std::size_t> dropped;
    for (const auto& [clip, reason] : bad) {
        dropped.push_back(clip);
        data.skipped.push_back(
            {.id = labels.clips[clip].id, .reason = describe_bad_clip(labels.clips[clip], reason)});
    }
    data.table = without_clips(labels, dropped);
    for (auto& [source, columns] : data.features) {
        keep_rows(columns.values, dropped);
        refuse_what_is_no_number(data.table, columns);
    }
    return data;
}

}  // namespace kickdrum
