// SPDX-License-Identifier: MIT
// Bytes in words.
#pragma once

#include <cstdint>
#include <string>

namespace kickdrum {

std::string mebibytes(std::int64_t bytes);  // "81.6 MiB"

// A run that doesn't fit into the GPU's memory, and what to do. `largest_batch`: that fits; 0: none.
std::string out_of_memory_text(std::int64_t needed, std::int64_t free, int batch, int largest_batch);
// The same of the clips' images, which all runs share.
std::string clips_out_of_memory_text(std::int64_t clips, std::int64_t needed, std::int64_t free);

}  // namespace kickdrum
