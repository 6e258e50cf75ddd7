// SPDX-License-Identifier: MIT
// The folder that a study leaves:
//   study.yaml  study.json  plan/<variant>.yaml      as given; variants and state; each variant, resolved
//   variants/<variant>/                              results folders (results_folder.h)
//   rounds/N/<variant>/                              those of successive halving
//   summary.json  summary.md  summary.tex  runs.csv  report.html
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "experiments/runs/folder_lock.h"
#include "experiments/studies/study_file.h"
#include "experiments/studies/study_results.h"

namespace kickdrum {

bool is_study_folder(const std::filesystem::path& folder);

// What happened to a variant that its results folder can't tell.
struct VariantNote {
    VariantStatus status = VariantStatus::waiting;
    std::string message;
};

class StudyFolder {
 public:
    // Makes the folder for the plan; refused where something is in it, but for `force` and an old study. Then
    // the old one is removed.
    StudyFolder(const std::filesystem::path& folder, const StudyPlan& plan, const std::string& command,
                bool force);
    // Opens the folder of a study that was begun. Throws UserError where it's in use or not complete.
    explicit StudyFolder(const std::filesystem::path& folder);

    const StudyPlan& plan() const { return plan_; }
    std::filesystem::path variant_folder(const Variant& variant) const;
    std::filesystem::path round_folder(int round, const Variant& variant) const;  // rounds count from 1
    std::filesystem::path report_path() const { return folder_ / "report.html"; }

    void note(const Variant& variant, VariantNote note);
    // Writes study.json, and everything that is made from the variants' results.
    StudyResults write(StudyStatus status);

 private:
    void write_state(StudyStatus status) const;

    std::filesystem::path folder_;
    std::unique_ptr<FolderLock> lock_;
    StudyPlan plan_;
    std::string command_;
    std::map<std::string, VariantNote> notes_;  // by the variant's folder
};

// What is known of a study, from its folder; without changing it.
StudyResults load_study(const std::filesystem::path& folder);

// summary.json, summary.md, summary.tex, runs.csv and report.html; `name` replaces "summary" and "report".
void write_study_files(const StudyResults& study, const std::filesystem::path& folder,
                       const std::string& name = {});

}  // namespace kickdrum
