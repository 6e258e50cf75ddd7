// SPDX-License-Identifier: MIT
#include "experiments/data/content_hash.h"

#include <sys/stat.h>
#include <xxhash.h>

#include "experiments/diagnostics.h"
#include "experiments/files.h"

namespace kickdrum {

ContentHash content_hash(std::string_view bytes) {
    const XXH128_hash_t hash = ::XXH3_128bits(bytes.data(), bytes.size());
    return {.high = hash.high64, .low = hash.low64};
}

std::optional<ContentHash> content_hash_of(const std::filesystem::path& file) {
    try {
        return content_hash(read_file(file));
    } catch (const UserError&) {
        return std::nullopt;
    }
}

std::optional<FileStamp> stamp_of(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return std::nullopt;
    return FileStamp{
        .size = status.st_size,
        .modified_ns = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
}

}  // namespace kickdrum
