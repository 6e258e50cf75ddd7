// SPDX-License-Identifier: MIT
#include "experiments/data/duplicates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "dsp/fingerprint.h"
#include "experiments/data/content_hash.h"

namespace kickdrum {
namespace {

constexpr double kMostShift = 0.55;     // seconds
constexpr double kLeastOverlap = 2;     // seconds
constexpr std::size_t kLeastVotes = 2;  // numbers that two clips share at one shift
constexpr std::ptrdiff_t kTooCommon =
    64;  // clips that have a number at about the same time: it tells nothing

class Search {
 public:
    Search(const ClipTable& table, std::span<const float> fingerprints, double frame_seconds)
        : table_(table),
          numbers_(fingerprints),
          frame_seconds_(frame_seconds),
          most_shift_(static_cast<std::int32_t>(std::ceil(kMostShift / frame_seconds))),
          least_overlap_(static_cast<int>(std::floor(kLeastOverlap / frame_seconds))) {
        std::map<std::string, std::int32_t> number_of;
        for (const auto& clip : table.clips) {
            const auto next = static_cast<std::int32_t>(number_of.size());
            groups_.push_back(number_of.emplace(clip.group, next).first->second);
        }
    }

    std::vector<DuplicatePair> run() {
        find_equal();
        for (const auto& [first, second, shift] : candidates()) compare(first, second, shift);
        std::vector<DuplicatePair> pairs;
        for (const auto& [clips, pair] : found_) pairs.push_back(pair);
        return pairs;
    }

 private:
    struct Entry {
        std::uint32_t number;
        std::int32_t frame;
        std::int32_t clip;
        auto operator<=>(const Entry&) const = default;
    };
    struct Candidate {
        std::int32_t first;
        std::int32_t second;
        std::int32_t shift;  // frame of the first - frame of the second
        auto operator<=>(const Candidate&) const = default;
    };

    std::span<const float> numbers(std::size_t clip) const {
        return numbers_.subspan(clip * kFingerprintFrames, kFingerprintFrames);
    }
    bool apart(std::size_t first, std::size_t second) const { return groups_[first] != groups_[second]; }

    // The same file, and what decodes to the same sound.
    void find_equal() {
        std::unordered_map<ContentHash, std::vector<std::size_t>> by_fingerprint;
        for (std::size_t clip = 0; clip < groups_.size(); ++clip) {
            const auto own = numbers(clip);
            by_fingerprint[content_hash({reinterpret_cast<const char*>(own.data()), own.size_bytes()})]
                .push_back(clip);
        }
        for (const auto& [fingerprint, clips] : by_fingerprint) {
            if (std::ranges::none_of(clips, [&](std::size_t one) { return apart(one, clips.front()); }))
                continue;
            std::map<std::size_t, std::optional<ContentHash>> files;
            for (const std::size_t clip : clips) files[clip] = content_hash_of(table_.clips[clip].audio);
            for (const std::size_t first : clips) {
                for (const std::size_t second : clips) {
                    if (first < second && apart(first, second) && files[first] &&
                        files[first] == files[second])
                        found_[{first, second}] = {.first = first, .second = second, .same_file = true};
                }
            }
        }
    }

    std::vector<Entry> sorted_entries() const {
        std::vector<Entry> entries;
        for (std::size_t clip = 0; clip < groups_.size(); ++clip) {
            const auto own = numbers(clip);
            for (std::size_t frame = 0; frame < own.size(); ++frame) {
                if (own[frame] < 0) continue;
                entries.push_back({.number = static_cast<std::uint32_t>(own[frame]),
                                   .frame = static_cast<std::int32_t>(frame),
                                   .clip = static_cast<std::int32_t>(clip)});
            }
        }
        std::ranges::sort(entries);
        return entries;
    }

    // Pairs of clips that have numbers in common, at the same shift.
    std::vector<Candidate> candidates() const {
        const std::vector<Entry> entries = sorted_entries();
        std::vector<Candidate> votes;
        auto end = entries.begin();
        for (auto one = entries.begin(); one != entries.end(); ++one) {
            if (end < one) end = one;
            while (end != entries.end() && end->number == one->number &&
                   end->frame - one->frame <= most_shift_) {
                ++end;
            }
            if (end - one > kTooCommon) continue;
            for (auto other = one + 1; other < end; ++other) vote(*one, *other, votes);
        }
        std::ranges::sort(votes);
        std::vector<Candidate> often;
        for (auto vote = votes.begin(); vote != votes.end();) {
            const auto next = std::find_if(vote, votes.end(), [&](const Candidate& v) { return v != *vote; });
            if (next - vote >= static_cast<std::ptrdiff_t>(kLeastVotes)) often.push_back(*vote);
            vote = next;
        }
        return often;
    }

    void vote(const Entry& one, const Entry& other, std::vector<Candidate>& votes) const {
        if (!apart(static_cast<std::size_t>(one.clip), static_cast<std::size_t>(other.clip))) return;
        const bool in_order = one.clip < other.clip;
        const Entry& first = in_order ? one : other;
        const Entry& second = in_order ? other : one;
        votes.push_back({.first = first.clip, .second = second.clip, .shift = first.frame - second.frame});
    }

    // A candidate, and the shifts beside it: two clips are hardly ever apart by whole frames.
    void compare(std::int32_t first, std::int32_t second, std::int32_t shift) {
        const auto a = static_cast<std::size_t>(first);
        const auto b = static_cast<std::size_t>(second);
        DuplicatePair& best =
            found_.try_emplace({a, b}, DuplicatePair{.first = a, .second = b, .difference = 1}).first->second;
        if (!best.same_file) {
            for (std::int32_t at = shift - 1; at <= shift + 1; ++at) {
                const double difference = share_of_bits(a, b, at);
                if (difference >= best.difference) continue;
                best.difference = difference;
                best.shift = at * frame_seconds_;
            }
        }
        if (best.difference > kMostDifference) found_.erase({a, b});
    }

    double share_of_bits(std::size_t first, std::size_t second, std::int32_t shift) const {
        const auto a = numbers(first);
        const auto b = numbers(second);
        int frames = 0;
        int bits = 0;
        for (int t = std::max(0, shift); t < kFingerprintFrames + std::min(0, shift); ++t) {
            const float one = a[static_cast<std::size_t>(t)];
            const float other = b[static_cast<std::size_t>(t - shift)];
            if (one < 0 || other < 0) continue;
            ++frames;
            bits += std::popcount(static_cast<std::uint32_t>(one) ^ static_cast<std::uint32_t>(other));
        }
        if (frames < least_overlap_) return 1;
        return static_cast<double>(bits) / (static_cast<double>(frames) * kFingerprintBits);
    }

    const ClipTable& table_;
    std::span<const float> numbers_;
    double frame_seconds_;
    std::int32_t most_shift_;
    int least_overlap_;
    std::vector<std::int32_t> groups_;  // by clip
    std::map<std::pair<std::size_t, std::size_t>, DuplicatePair> found_;
};

}  // namespace

std::vector<DuplicatePair> find_duplicates(const ClipTable& table, std::span<const float> fingerprints,
                                           double frame_seconds) {
    return Search(table, fingerprints, frame_seconds).run();
}

}  // namespace kickdrum
