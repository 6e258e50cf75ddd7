// SPDX-License-Identifier: MIT
#include "experiments/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include "experiments/diagnostics.h"

namespace kickdrum {
namespace {

// What a person can do about it.
std::string_view advice(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT: return "; make room there or choose another folder with --out";
        case EACCES:
        case EPERM:
        case EROFS: return "; check the permissions or choose another folder with --out";
        default: return "";
    }
}

[[noreturn]] void fail(std::string_view action, const std::filesystem::path& file, int error) {
    throw UserError(ExitCode::failed, fmt::format("can't {} '{}': {}{}", action, file.string(),
                                                  std::generic_category().message(error), advice(error)));
}

class Descriptor {
 public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    ~Descriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const { return descriptor_; }
    // Errors of writing may come as late as here.
    int close() {
        const int descriptor = descriptor_;
        descriptor_ = -1;
        return ::close(descriptor) == 0 ? 0 : errno;
    }

 private:
    int descriptor_;
};

// Returns errno, or 0.
int write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (descriptor.get() < 0) fail("read", file, errno);
    std::string bytes;
    struct stat status {};
    if (::fstat(descriptor.get(), &status) == 0 && status.st_size > 0) {
        bytes.reserve(static_cast<std::size_t>(status.st_size));
    }
    char chunk[1 << 16];
    for (;;) {
        const ssize_t count = ::read(descriptor.get(), chunk, sizeof chunk);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("read", file, errno);
        if (count == 0) return bytes;
        bytes.append(chunk, static_cast<std::size_t>(count));
    }
}

void write_file_atomically(const std::filesystem::path& file, std::string_view bytes) {
    write_file_atomically(file, std::span(&bytes, 1));
}

void write_file_atomically(const std::filesystem::path& file, std::span<const std::string_view> parts) {
    // Unique among the threads and processes that may write the same file.
    static std::atomic<unsigned> counter{0};
    std::filesystem::path temporary = file;
    temporary += fmt::format(".{}.{}.tmp", ::getpid(), counter++);
    Descriptor descriptor(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (descriptor.get() < 0) fail("write", file, errno);
    int error = 0;
    for (const auto part : parts) {
        if (error == 0) error = write_all(descriptor.get(), part);
    }
    if (const int closing = descriptor.close(); error == 0) error = closing;
    if (error == 0 && ::rename(temporary.c_str(), file.c_str()) != 0) error = errno;
    if (error != 0) {
        ::unlink(temporary.c_str());
        fail("write", file, error);
    }
}

std::string final_name(const std::string& name) {
    constexpr std::string_view kEnding = ".tmp";
    if (!name.ends_with(kEnding)) return name;
    std::string stem = name.substr(0, name.size() - kEnding.size());
    for (int number = 0; number < 2; ++number) {
        const std::size_t dot = stem.rfind('.');
        if (dot == std::string::npos || dot + 1 == stem.size()) return name;
        if (stem.find_first_not_of("0123456789", dot + 1) != std::string::npos) return name;
        stem.resize(dot);
    }
    return stem;
}

}  // namespace kickdrum
