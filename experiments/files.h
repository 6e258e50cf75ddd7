// SPDX-License-Identifier: MIT
// Whole files, read and written. Errors are UserErrors (exit code 1) that name the file, the cause and what
// to do.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace kickdrum {

std::string read_file(const std::filesystem::path& file);

// Writes under a temporary name in the same folder and renames, so that a reader sees the old file or the new
// one, never half of one. The temporary file is gone after a failure.
void write_file_atomically(const std::filesystem::path& file, std::string_view bytes);
// The parts one behind the other.
void write_file_atomically(const std::filesystem::path& file, std::span<const std::string_view> parts);

// The name of the file that a temporary one was to become: "history.csv" for "history.csv.4711.3.tmp", which
// a killed process leaves behind. Other names as they are.
std::string final_name(const std::string& name);

}  // namespace kickdrum
