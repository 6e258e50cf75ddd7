// SPDX-License-Identifier: MIT
// Whole files, read and written. Errors are UserErrors (exit code 1) that name the file, the cause and what to do.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace kickdrum {

std::string read_file(const std::filesystem::path& file);

// Writes under a temporary name in the same folder and renames, so that a reader sees the old file or the new one,
// never half of one. The temporary file is gone after a failure.
void write_file_atomically(const std::filesystem::path& file, std::string_view bytes);

}  // namespace kickdrum
