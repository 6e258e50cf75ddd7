// SPDX-License-Identifier: MIT
// Ensembles, run and checked: the members one after the other, each as `kickdrum run` does it, then the mean of
// their probabilities.
//   <out>/ensemble.yaml  ensemble.json   as given; its members, in their order
//   <out>/plan/<member>.yaml             each member, resolved
//   <out>/members/<member>/              results folders (results_folder.h)
//   <out>/...                            the mean, as a results folder: runs/NN/ensemble.json takes the place of
//                                        a model, and names the models of the members
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/ensembles/average.h"
#include "experiments/ensembles/ensemble_file.h"
#include "experiments/runs/experiment.h"

namespace kickdrum {

// Leaves the folder options.out. Throws UserError naming the member that failed.
ExitCode run_ensemble(const EnsemblePlan& plan, const RunOptions& options);

bool is_ensemble_folder(const std::filesystem::path& folder);
// Goes on with the ensemble of the folder options.out; members that are done stay as they are.
ExitCode resume_ensemble(const RunOptions& options);

// Checks every member as `kickdrum check` does; prints the first in full and a line for each.
ExitCode check_ensemble(const EnsemblePlan& plan, const RunOptions& options);

// Writes the mean of the members' results into `folder`, where earlier results of the same are replaced.
Results write_average(const std::vector<Member>& members, const std::string& name,
                      const std::filesystem::path& folder, std::string_view text, const std::string& command);

}  // namespace kickdrum
