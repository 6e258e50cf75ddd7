// SPDX-License-Identifier: MIT
#include "experiments/data/feature_pack.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <bit>
#include <cstring>

#include "experiments/data/exclusive_file.h"

namespace kickdrum {

struct FeaturePack::Header {
    std::uint64_t magic =
        0x3130544145464B44;  // "DKFEAT01" in memory; another byte order reads another number
    std::uint64_t values = 0;
    ContentHash settings;
    std::uint64_t reserved[4] = {};

    bool operator==(const Header&) const = default;
};

struct FeaturePack::RecordHead {
    ContentHash clip;
    std::uint64_t checksum = 0;  // of the hash and the values
    std::uint64_t reserved = 0;
};

namespace {

std::uint64_t checksum(const ContentHash& clip, const void* values, std::size_t bytes) {
    return ::XXH3_64bits_withSeed(values, bytes, clip.high ^ std::rotl(clip.low, 1));
}

}  // namespace

FeaturePack::FeaturePack(const std::filesystem::path& folder, std::string_view settings, std::size_t values)
    : settings_(content_hash(settings)), values_(values) {
    file_ = folder / fmt::format("features-{:016x}-{}.pack", settings_.high, values);
    descriptor_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) return;
    Header found;
    struct stat status {};
    if (read_at(descriptor_, 0, &found, sizeof found) == sizeof found && found == header() &&
        ::fstat(descriptor_, &status) == 0) {
        index_slots(descriptor_, status.st_size);
    }
}

FeaturePack::~FeaturePack() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

FeaturePack::Header FeaturePack::header() const {
    Header header;
    header.values = values_;
    header.settings = settings_;
    return header;
}

std::int64_t FeaturePack::record_bytes() const {
    return static_cast<std::int64_t>(sizeof(RecordHead) + values_ * sizeof(float));
}

std::int64_t FeaturePack::position(std::int64_t slot) const {
    return static_cast<std::int64_t>(sizeof(Header)) + slot * record_bytes();
}

// Learns of the slots that weren't known yet. A last one that isn't whole is none: the next record overwrites
// it.
void FeaturePack::index_slots(int descriptor, std::int64_t size) {
    const std::int64_t slots = (size - static_cast<std::int64_t>(sizeof(Header))) / record_bytes();
    for (; slots_ < slots; ++slots_) {
        RecordHead head;
        if (read_at(descriptor, position(slots_), &head, sizeof head) != sizeof head) return;
        slot_of_.insert_or_assign(head.clip, slots_);
    }
}

bool FeaturePack::read(const ContentHash& clip, std::span<float> values) {
    const auto found = slot_of_.find(clip);
    if (found == slot_of_.end()) return false;
    RecordHead head;
    const std::int64_t start = position(found->second);
    if (read_at(descriptor_, start, &head, sizeof head) == sizeof head && head.clip == clip &&
        read_at(descriptor_, start + static_cast<std::int64_t>(sizeof head), values.data(),
                values.size_bytes()) == values.size_bytes() &&
        head.checksum == checksum(clip, values.data(), values.size_bytes())) {
        return true;
    }
    const std::lock_guard lock(mutex_);
    damaged_.insert(found->second);
    return false;
}

std::vector<char> FeaturePack::to_bytes(const FeatureRecord& record) const {
    RecordHead head;
    head.clip = record.clip;
    head.checksum = checksum(record.clip, record.values.data(), record.values.size_bytes());
    std::vector<char> bytes(static_cast<std::size_t>(record_bytes()));
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, record.values.data(), record.values.size_bytes());
    return bytes;
}

void FeaturePack::add(std::span<const FeatureRecord> records) {
    ExclusiveFile file(file_);
    Header found;
    if (read_at(file.descriptor(), 0, &found, sizeof found) != sizeof found || found != header()) {
        // New, or not to be trusted.
        file.truncate(0);
        const Header fresh = header();
        file.write_at(0, &fresh, sizeof fresh);
        slots_ = 0;
        slot_of_.clear();
        damaged_.clear();
    }
    index_slots(file.descriptor(), file.size());
    for (const FeatureRecord& record : records) {
        const auto known = slot_of_.find(record.clip);
        const bool is_new = known == slot_of_.end();
        if (!is_new && !damaged_.contains(known->second)) continue;
        const std::int64_t slot = is_new ? slots_ : known->second;
        const auto bytes = to_bytes(record);
        file.write_at(position(slot), bytes.data(), bytes.size());
        damaged_.erase(slot);
        if (is_new) slot_of_.emplace(record.clip, slots_++);
    }
}

}  // namespace kickdrum
