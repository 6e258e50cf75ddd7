// SPDX-License-Identifier: MIT
// The text of the files in a results folder, and back. Numbers are written so that reading gives the same
// bits (history.csv: 9 significant digits). Readers throw UserError naming `file` and the line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/diagnostics.h"
#include "experiments/runs/results.h"

namespace kickdrum {

std::string history_csv(std::span<const EpochRecord> history);
std::vector<EpochRecord> read_history(std::string_view text, const std::string& file);

// sample_id,label,predicted,p_<class>...; classes by name, several of them (`sets`) with | between.
std::string predictions_csv(std::span<const Prediction> predictions, std::span<const std::string> classes,
                            bool sets = false);
std::vector<Prediction> read_predictions(std::string_view text, std::span<const std::string> classes,
                                         const std::string& file, bool sets = false);

// sample_id,group,label,part
std::string split_csv(std::span<const SplitRow> rows, std::span<const std::string> classes,
                      bool sets = false);
std::vector<SplitRow> read_split(std::string_view text, std::span<const std::string> classes,
                                 const std::string& file, bool sets = false);

std::string metrics_json(const RunResult& result, std::span<const std::string> classes);
// Everything but history and predictions.
RunResult read_metrics(const std::string& text, std::span<const std::string> classes,
                       const std::string& file);

std::string state_json(const Study& study, StudyStatus status);
struct State {
    Study study;
    std::string version;  // of the program that wrote it
    StudyStatus status = StudyStatus::running;
};
// Throws UserError too where a later version has written the folder in a form that this one doesn't know.
State read_state(const std::string& text, const std::string& file);

// What is wrong with a folder that another version has written, with that version as the likely reason.
UserError with_other_version(const UserError& error, const std::string& version);

}  // namespace kickdrum
