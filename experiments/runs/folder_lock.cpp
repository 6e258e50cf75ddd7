// SPDX-License-Identifier: MIT
#include "experiments/runs/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

namespace kickdrum {
namespace {

std::string reason(int error) {
    return std::generic_category().message(error);
}

// A reader that asks whether the folder is in use (held()) has the lock for an instant: try for a tenth of a
// second.
bool lock(int descriptor) {
    for (int attempt = 0; attempt < 10; ++attempt) {
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
        if (errno != EWOULDBLOCK && errno != EINTR) return false;
        ::usleep(10'000);
    }
    errno = EWOULDBLOCK;
    return false;
}

}  // namespace

UserError in_use(const std::filesystem::path& folder) {
    std::string pid;
    std::ifstream(folder / ".lock") >> pid;
    return {ExitCode::failed,
            fmt::format("'{}' is in use by another kickdrum (process {}); wait until it ends, or "
                        "choose another folder with --out",
                        folder.string(), pid.empty() ? "unknown" : pid)};
}

FolderLock::FolderLock(const std::filesystem::path& folder) {
    const std::string file = (folder / ".lock").string();
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
        throw UserError(ExitCode::failed,
                        fmt::format("can't write into '{}': {}", folder.string(), reason(errno)));
    }
    if (!lock(descriptor_)) {
        const int error = errno;
        ::close(descriptor_);
        if (error == EWOULDBLOCK) throw in_use(folder);
        throw UserError(ExitCode::failed, fmt::format("can't lock '{}': {}", file, reason(error)));
    }
    const std::string pid = std::to_string(::getpid());
    // The number only serves the message above, so a full disk doesn't matter here.
    if (::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) return;
}

FolderLock::~FolderLock() {
    ::close(descriptor_);
}

bool FolderLock::held(const std::filesystem::path& folder) {
    const int descriptor = ::open((folder / ".lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(descriptor);
    return held;
}

}  // namespace kickdrum
