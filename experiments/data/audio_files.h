// SPDX-License-Identifier: MIT
// The audio files or pictures of a folder, by name without extension.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/diagnostics.h"

namespace kickdrum {

// Files ending with mp3, wav, flac, ogg, aiff, aif, au or opus (in any case), sorted; several may share a
// name. Folders within are searched too, also through links, each once; hidden ones aren't. A folder that
// isn't there or can't be read is added to `problems`.
std::map<std::string, std::vector<std::filesystem::path>> audio_files(const std::filesystem::path& folder,
                                                                      Problems& problems);

// The same for pictures: files ending with png, jpg or jpeg.
std::map<std::string, std::vector<std::filesystem::path>> picture_files(const std::filesystem::path& folder,
                                                                        Problems& problems);

}  // namespace kickdrum
