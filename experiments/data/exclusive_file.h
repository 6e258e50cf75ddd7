// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace kickdrum {

// A file opened for reading and writing (made if need be) that no other process has at the same time: the
// constructor waits for its turn. Throws UserError where the file can't be written or locked.
class ExclusiveFile {
 public:
    explicit ExclusiveFile(const std::filesystem::path& file);
    ~ExclusiveFile();
    ExclusiveFile(const ExclusiveFile&) = delete;
    ExclusiveFile& operator=(const ExclusiveFile&) = delete;

    int descriptor() const { return descriptor_; }
    std::int64_t size() const;
    // Writes everything or throws UserError; what stood behind is kept.
    void write_at(std::int64_t position, const void* bytes, std::size_t count);
    void truncate(std::int64_t size);

 private:
    [[noreturn]] void fail(int error) const;

    std::filesystem::path file_;
    int descriptor_ = -1;
};

// Reads up to `count` bytes of an open file; returns how many there were.
std::size_t read_at(int descriptor, std::int64_t position, void* bytes, std::size_t count);

}  // namespace kickdrum
