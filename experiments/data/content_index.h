// SPDX-License-Identifier: MIT
// Remembers the content hash of files by their path, size and time, so that 113 MB of clips needn't be read
// again to know that they are the same. A text file, guarded by a checksum: damaged, it counts as empty.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

#include "experiments/data/content_hash.h"

namespace kickdrum {

class ContentIndex {
 public:
    // `file` needn't exist.
    explicit ContentIndex(std::filesystem::path file);

    // Nothing if the file isn't known, or not with this stamp. `path` is absolute.
    std::optional<ContentHash> find(const std::filesystem::path& path, const FileStamp& stamp) const;

    // Doesn't take a file that was changed within the last second: it could change again and keep its stamp.
    void add(const std::filesystem::path& path, const FileStamp& stamp, const ContentHash& hash);

    // Writes what was added, together with what other processes wrote meanwhile and without files that are
    // gone. Throws UserError. Does nothing if nothing was added.
    void save();

 private:
    struct Entry {
        FileStamp stamp;
        ContentHash hash;
    };
    using Entries = std::unordered_map<std::string, Entry>;
    static Entries load(const std::filesystem::path& file);
    static std::string to_text(const Entries& entries);

    std::filesystem::path file_;
    Entries entries_;
    Entries added_;
};

}  // namespace kickdrum
