// SPDX-License-Identifier: MIT
// The folder that the demo data is written to: whose it is, and its files.
#pragma once

#include <filesystem>
#include <string_view>

namespace kickdrum::demo {

// Makes `folder` and its clips/, empty. What an earlier call wrote there is removed; UserError (usage), with
// nothing removed, where the folder holds anything else, or where labels.csv or experiment.yaml were changed
// since.
void prepare_folder(const std::filesystem::path& folder);

// Writes labels.csv, then experiment.yaml, and before them the note by which prepare_folder() knows them
// again.
void write_tables(const std::filesystem::path& folder, std::string_view labels, std::string_view experiment);

}  // namespace kickdrum::demo
