// SPDX-License-Identifier: MIT
// All cached features of one kind and setting, in one file: a header, then records of the same size, each
// with the hash of its clip's content and a checksum. It only grows. Readers need no lock: what they see
// half-written fails its checksum and counts as missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "experiments/data/content_hash.h"

namespace kickdrum {

struct FeatureRecord {
    ContentHash clip;
    std::span<const float> values;
};

class FeaturePack {
 public:
    // `values`: floats per clip. `settings`: everything else that the features depend on; the file's name in
    // `folder` follows from both. Neither folder nor file need exist.
    FeaturePack(const std::filesystem::path& folder, std::string_view settings, std::size_t values);
    ~FeaturePack();
    FeaturePack(const FeaturePack&) = delete;
    FeaturePack& operator=(const FeaturePack&) = delete;

    const std::filesystem::path& file() const { return file_; }

    // Copies a clip's features, out of what was there when the pack was opened; false if they are missing or
    // damaged, `values` is undefined then. May be called by several threads, but not while another one calls
    // add().
    bool read(const ContentHash& clip, std::span<float> values);

    // Appends records, replaces damaged ones, and leaves alone what is there already. Throws UserError, after
    // which the file is as good as before.
    void add(std::span<const FeatureRecord> records);

 private:
    struct Header;
    struct RecordHead;
    Header header() const;
    std::int64_t record_bytes() const;
    std::int64_t position(std::int64_t slot) const;
    void index_slots(int descriptor, std::int64_t size);
    std::vector<char> to_bytes(const FeatureRecord& record) const;

    std::filesystem::path file_;
    ContentHash settings_;
    std::size_t values_;
    int descriptor_ = -1;     // for reading; -1: there was no such file, or none of ours
    std::int64_t slots_ = 0;  // known so far
    std::unordered_map<ContentHash, std::int64_t> slot_of_;
    std::mutex mutex_;  // of damaged_
    std::unordered_set<std::int64_t> damaged_;
};

}  // namespace kickdrum
