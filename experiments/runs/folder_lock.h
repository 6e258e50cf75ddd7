// SPDX-License-Identifier: MIT
// One process per results folder: an exclusive flock on <folder>/.lock, which holds the process id. The
// system drops it when the process ends, however it ends; the file stays.
#pragma once

#include <filesystem>

#include "experiments/diagnostics.h"

namespace kickdrum {

// "'results/x' is in use by another kickdrum (process 123); ..."
UserError in_use(const std::filesystem::path& folder);

class FolderLock {
 public:
    // Throws UserError (exit code 1) naming the other process where the folder is in use.
    explicit FolderLock(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

    // Whether somebody, this process included, holds the lock.
    static bool held(const std::filesystem::path& folder);

 private:
    int descriptor_ = -1;
};

}  // namespace kickdrum
