// SPDX-License-Identifier: MIT
// The CSV half of result_files.h.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "experiments/data/label_sets.h"
#include "experiments/diagnostics.h"
#include "experiments/runs/csv.h"
#include "experiments/runs/result_files.h"

namespace kickdrum {
namespace {

[[noreturn]] void fail(const std::string& file, int line, std::string message) {
    throw UserError(ExitCode::usage, {Diagnostic{std::move(message), file, line, 1}});
}

constexpr std::string_view kHistoryHeader =
    "epoch,loss,accuracy,val_loss,val_accuracy,val_weighted_f1,learning_rate,seconds";

// A file of this header; checks every row's length.
std::vector<CsvRow> read_rows(std::string_view text, const std::string& header, const std::string& file) {
    auto rows = parse_csv(text);
    const auto expected = parse_csv(header);
    if (rows.empty() || rows.front().fields != expected.front().fields) {
        fail(file, 1, fmt::format("its first line isn't '{}', as Kickdrum writes it", header));
    }
    for (const auto& row : rows) {
        if (row.fields.size() != rows.front().fields.size()) {
            fail(file, row.line,
                 fmt::format("{} fields where the header has {}", row.fields.size(),
                             rows.front().fields.size()));
        }
    }
    rows.erase(rows.begin());
    return rows;
}

template <class Number>
Number number(const std::string& field, const std::string& file, int line) {
    Number value{};
    const char* end = field.data() + field.size();
    const auto result = std::from_chars(field.data(), end, value);
    if (result.ec != std::errc() || result.ptr != end)
        fail(file, line, fmt::format("'{}' is no number", field));
    return value;
}

// A class, or a set of classes.
int label_of(const std::string& name, std::span<const std::string> classes, const std::string& file, int line,
             bool sets) {
    if (sets) {
        const int set = set_from_text(name, classes);
        if (set < 0) fail(file, line, fmt::format("'{}' isn't a set of classes of this experiment", name));
        return set;
    }
    const auto it = std::find(classes.begin(), classes.end(), name);
    if (it == classes.end()) fail(file, line, fmt::format("'{}' isn't a class of this experiment", name));
    return static_cast<int>(it - classes.begin());
}

std::string predictions_header(std::span<const std::string> classes) {
    std::string header = "sample_id,label,predicted";
    for (const auto& name : classes) header += ',' + csv_field("p_" + name);
    return header;
}

}  // namespace

std::string history_csv(std::span<const EpochRecord> history) {
    std::string text(kHistoryHeader);
    text += '\n';
    for (const auto& r : history) {
        text +=
            fmt::format("{},{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{:.4g}\n", r.epoch, r.loss, r.accuracy,
                        r.val_loss, r.val_accuracy, r.val_weighted_f1, r.learning_rate, r.seconds);
    }
    return text;
}

std::vector<EpochRecord> read_history(std::string_view text, const std::string& file) {
    std::vector<EpochRecord> history;
    for (const auto& row : read_rows(text, std::string(kHistoryHeader), file)) {
        const auto value = [&](std::size_t i) { return number<double>(row.fields[i], file, row.line); };
        history.push_back({.epoch = number<int>(row.fields[0], file, row.line),
                           .loss = value(1),
                           .accuracy = value(2),
                           .val_loss = value(3),
                           .val_accuracy = value(4),
                           .val_weighted_f1 = value(5),
                           .learning_rate = value(6),
                           .seconds = value(7)});
    }
    return history;
}

std::string predictions_csv(std::span<const Prediction> predictions, std::span<const std::string> classes,
                            bool sets) {
    std::string text = predictions_header(classes) + '\n';
    for (const auto& prediction : predictions) {
        text += fmt::format("{},{},{}", csv_field(prediction.sample_id),
                            csv_field(label_text(prediction.label, classes, sets)),
                            csv_field(label_text(prediction.predicted, classes, sets)));
        for (const float p : prediction.probabilities) text += fmt::format(",{}", p);
        text += '\n';
    }
    return text;
}

std::vector<Prediction> read_predictions(std::string_view text, std::span<const std::string> classes,
                                         const std::string& file, bool sets) {
    std::vector<Prediction> predictions;
    for (const auto& row : read_rows(text, predictions_header(classes), file)) {
        Prediction& prediction = predictions.emplace_back();
        prediction.sample_id = row.fields[0];
        prediction.label = label_of(row.fields[1], classes, file, row.line, sets);
        prediction.predicted = label_of(row.fields[2], classes, file, row.line, sets);
        for (std::size_t i = 3; i < row.fields.size(); ++i) {
            prediction.probabilities.push_back(number<float>(row.fields[i], file, row.line));
        }
    }
    return predictions;
}

std::string split_csv(std::span<const SplitRow> rows, std::span<const std::string> classes, bool sets) {
    std::string text = "sample_id,group,label,part\n";
    for (const auto& row : rows) {
        text += fmt::format("{},{},{},{}\n", csv_field(row.sample_id), csv_field(row.group),
                            csv_field(label_text(row.label, classes, sets)), to_string(row.part));
    }
    return text;
}

std::vector<SplitRow> read_split(std::string_view text, std::span<const std::string> classes,
                                 const std::string& file, bool sets) {
    std::vector<SplitRow> split;
    for (const auto& row : read_rows(text, "sample_id,group,label,part", file)) {
        SplitRow& entry = split.emplace_back();
        entry.sample_id = row.fields[0];
        entry.group = row.fields[1];
        entry.label = label_of(row.fields[2], classes, file, row.line, sets);
        if (row.fields[3] == to_string(Part::train)) {
            entry.part = Part::train;
        } else if (row.fields[3] == to_string(Part::val)) {
            entry.part = Part::val;
        } else if (row.fields[3] == to_string(Part::test)) {
            entry.part = Part::test;
        } else {
            fail(file, row.line, fmt::format("part '{}' is none of train, val and test", row.fields[3]));
        }
    }
    return split;
}

}  // namespace kickdrum
