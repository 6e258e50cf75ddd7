// SPDX-License-Identifier: MIT
#include "experiments/data/exclusive_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "experiments/diagnostics.h"

namespace kickdrum {

ExclusiveFile::ExclusiveFile(const std::filesystem::path& file)
    : file_(file), descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail(errno);
    while (::flock(descriptor_, LOCK_EX) != 0) {
        const int error = errno;
        if (error == EINTR) continue;
        ::close(descriptor_);
        fail(error);
    }
}

ExclusiveFile::~ExclusiveFile() {
    ::close(descriptor_);
}

void ExclusiveFile::fail(int error) const {
    throw UserError(ExitCode::failed, fmt::format("can't write '{}': {}", file_.string(),
                                                  std::generic_category().message(error)));
}

std::int64_t ExclusiveFile::size() const {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) fail(errno);
    return status.st_size;
}

void ExclusiveFile::write_at(std::int64_t position, const void* bytes, std::size_t count) {
    const char* next = static_cast<const char*>(bytes);
    while (count > 0) {
        const ssize_t written = ::pwrite(descriptor_, next, count, position);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail(written < 0 ? errno : ENOSPC);
        next += written;
        position += written;
        count -= static_cast<std::size_t>(written);
    }
}

void ExclusiveFile::truncate(std::int64_t size) {
    if (::ftruncate(descriptor_, size) != 0) fail(errno);
}

std::size_t read_at(int descriptor, std::int64_t position, void* bytes, std::size_t count) {
    std::size_t done = 0;
    while (done < count) {
        const ssize_t got = ::pread(descriptor, static_cast<char*>(bytes) + done, count - done,
                                    position + static_cast<std::int64_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

}  // namespace kickdrum
