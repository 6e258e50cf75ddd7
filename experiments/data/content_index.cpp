// SPDX-License-Identifier: MIT
#include "experiments/data/content_index.h"

#include <fmt/format.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <string_view>
#include <utility>

#include "experiments/data/exclusive_file.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"

namespace kickdrum {
namespace {

// First line: this and the hash of all that follows. Then a line per file: hash, size, time, path.
constexpr std::string_view kTitle = "kickdrum file hashes 1 ";

std::string hex(const ContentHash& hash) {
    return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

}  // namespace

ContentIndex::ContentIndex(std::filesystem::path file) : file_(std::move(file)), entries_(load(file_)) {}

ContentIndex::Entries ContentIndex::load(const std::filesystem::path& file) {
    Entries entries;
    if (!stamp_of(file)) return entries;
    std::string text;
    try {
        text = read_file(file);
    } catch (const UserError&) {
        return entries;
    }
    const auto title_end = text.find('\n');
    if (title_end == std::string::npos) return entries;
    std::string_view lines = std::string_view(text).substr(title_end + 1);
    if (std::string_view(text).substr(0, title_end) != std::string(kTitle) + hex(content_hash(lines)))
        return entries;

    while (!lines.empty()) {
        const std::string line(lines.substr(0, lines.find('\n')));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        Entry entry;
        int path = 0;
        if (std::sscanf(line.c_str(), "%16" SCNx64 "%16" SCNx64 " %" SCNd64 " %" SCNd64 " %n",
                        &entry.hash.high, &entry.hash.low, &entry.stamp.size, &entry.stamp.modified_ns,
                        &path) != 4 ||
            path == 0) {
            continue;
        }
        entries.insert_or_assign(line.substr(static_cast<std::size_t>(path)), entry);
    }
    return entries;
}

std::string ContentIndex::to_text(const Entries& entries) {
    std::string lines;
    for (const auto& [path, entry] : entries) {
        lines +=
            fmt::format("{} {} {} {}\n", hex(entry.hash), entry.stamp.size, entry.stamp.modified_ns, path);
    }
    return fmt::format("{}{}\n{}", kTitle, hex(content_hash(lines)), lines);
}

std::optional<ContentHash> ContentIndex::find(const std::filesystem::path& path,
                                              const FileStamp& stamp) const {
    const auto entry = entries_.find(path.string());
    if (entry == entries_.end() || entry->second.stamp != stamp) return std::nullopt;
    return entry->second.hash;
}

void ContentIndex::add(const std::filesystem::path& path, const FileStamp& stamp, const ContentHash& hash) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    const std::string name = path.string();
    const bool is_one_line = name.find('\n') == std::string::npos && !name.starts_with(' ');
    if (is_one_line && stamp.modified_ns < now - kSecond) added_.insert_or_assign(name, Entry{stamp, hash});
}

void ContentIndex::save() {
    if (added_.empty()) return;
    std::filesystem::path lock = file_;
    lock += ".lock";
    const ExclusiveFile guard(lock);
    entries_ = load(file_);
    std::erase_if(entries_, [](const auto& entry) { return !stamp_of(entry.first); });
    for (auto& [path, entry] : added_) entries_.insert_or_assign(path, entry);
    added_.clear();
    write_file_atomically(file_, to_text(entries_));
}

}  // namespace kickdrum
