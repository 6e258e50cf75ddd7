// SPDX-License-Identifier: MIT
// A folder that a command fills with one file per clip, and goes on filling after an interruption. A journal
// in it (.kickdrum-files) says of each file what it was made from, so that a later call makes only what is
// missing or was made from something else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "experiments/runs/folder_lock.h"

namespace kickdrum {

// Whether a name may become the name of a file in such a folder: not empty, at most 200 bytes, no separator
// and no control character. Otherwise the reason, as the end of a sentence.
std::string reason_against_file_name(std::string_view name);

class OutputFolder {
 public:
    // Makes the folder, locks it for this process, and removes what a killed one left half-written. `force`:
    // everything is made anew, and files of others are replaced. Throws UserError.
    OutputFolder(const std::filesystem::path& folder, bool force);
    ~OutputFolder();
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;

    enum class State : std::uint8_t {
        to_make,
        done,     // made from the same
        foreign,  // there, but nobody noted that we made it
    };
    // `origin` is everything that the file's contents follow from.
    State state(const std::string& name, std::string_view origin) const;

    // Safe to call from several threads, for different names. Throws UserError.
    void write(const std::string& name, std::string_view origin, std::string_view bytes);

 private:
    void remove_leftovers() const;
    void read_journal();

    std::filesystem::path folder_;
    bool force_;
    FolderLock lock_;
    int journal_ = -1;
    std::map<std::string, std::string, std::less<>> origins_;  // hash by name, as the journal had it
    std::mutex mutex_;                                         // of writing the journal
};

}  // namespace kickdrum
