// SPDX-License-Identifier: MIT
#include "experiments/data/content_hash.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <memory>
#include <new>

#include "experiments/diagnostics.h"
#include "experiments/files.h"

namespace kickdrum {

ContentHash content_hash(std::string_view bytes) {
    const XXH128_hash_t hash = ::XXH3_128bits(bytes.data(), bytes.size());
    return {.high = hash.high64, .low = hash.low64};
}

ContentHash content_hash(std::span<const std::string_view> parts) {
    const std::unique_ptr<XXH3_state_t, decltype(&::XXH3_freeState)> state(::XXH3_createState(),
                                                                           &::XXH3_freeState);
    if (!state) throw std::bad_alloc();
    ::XXH3_128bits_reset(state.get());
    for (const auto part : parts) ::XXH3_128bits_update(state.get(), part.data(), part.size());
    const XXH128_hash_t hash = ::XXH3_128bits_digest(state.get());
    return {.high = hash.high64, .low = hash.low64};
}

std::string to_string(const ContentHash& hash) {
    return fmt::format("{:016x}{:016x}", hash.high, hash.low);
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
