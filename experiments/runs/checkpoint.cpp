// SPDX-License-Identifier: MIT
#include "experiments/runs/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <system_error>

#include "experiments/data/content_hash.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMagic = "kickdrum checkpoint 1\n";
constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kEnding = ".checkpoint";
constexpr std::size_t kKept = 2;
constexpr double kCostFactor = 50;

// Doubles as their bits: JSON has no NaN, and a loss may be one.
std::uint64_t bits(double value) {
    return std::bit_cast<std::uint64_t>(value);
}

double real(const Json& json) {
    return std::bit_cast<double>(json.get<std::uint64_t>());
}

Json fit_json(const FitState& fit) {
    return {{"next_epoch", fit.next_epoch},
            {"batches", fit.progress.batches},
            {"loss_sum", bits(fit.progress.loss_sum)},
            {"correct", fit.progress.correct},
            {"best_epoch", fit.best_epoch},
            {"has_best", fit.has_best},
            {"stopped_early", fit.stopped_early},
            {"plateau_rate_factor", bits(fit.plateau_rate_factor)},
            {"plateau",
             {bits(fit.plateau.best), fit.plateau.has_best, fit.plateau.wait, fit.plateau.cooldown_left}},
            {"stopping",
             {bits(fit.stopping.best), fit.stopping.has_best, fit.stopping.best_epoch, fit.stopping.wait}}};
}

FitState fit_from(const Json& json) {
    FitState fit;
    json.at("next_epoch").get_to(fit.next_epoch);
    json.at("batches").get_to(fit.progress.batches);
    fit.progress.loss_sum = real(json.at("loss_sum"));
    json.at("correct").get_to(fit.progress.correct);
    json.at("best_epoch").get_to(fit.best_epoch);
    json.at("has_best").get_to(fit.has_best);
    json.at("stopped_early").get_to(fit.stopped_early);
    fit.plateau_rate_factor = real(json.at("plateau_rate_factor"));
    const Json& plateau = json.at("plateau");
    fit.plateau = {.best = real(plateau.at(0)),
                   .has_best = plateau.at(1).get<bool>(),
                   .wait = plateau.at(2).get<int>(),
                   .cooldown_left = plateau.at(3).get<int>()};
    const Json& stopping = json.at("stopping");
    fit.stopping = {.best = real(stopping.at(0)),
                    .has_best = stopping.at(1).get<bool>(),
                    .best_epoch = stopping.at(2).get<int>(),
                    .wait = stopping.at(3).get<int>()};
    return fit;
}

Json record_json(const EpochRecord& r) {
    return {r.epoch,
            bits(r.loss),
            bits(r.accuracy),
            bits(r.val_loss),
            bits(r.val_accuracy),
            bits(r.val_weighted_f1),
            bits(r.learning_rate),
            bits(r.seconds)};
}

EpochRecord record_from(const Json& json) {
    return {.epoch = json.at(0).get<int>(),
            .loss = real(json.at(1)),
            .accuracy = real(json.at(2)),
            .val_loss = real(json.at(3)),
            .val_accuracy = real(json.at(4)),
            .val_weighted_f1 = real(json.at(5)),
            .learning_rate = real(json.at(6)),
            .seconds = real(json.at(7))};
}

std::string header_of(const Checkpoint& checkpoint) {
    Json header;
    header["identity"] = checkpoint.identity;
    header["step"] = checkpoint.trainer.step;
    header["bytes"] = checkpoint.trainer.memory.size();
    header["best_epoch"] = checkpoint.best_epoch;
    header["seconds"] = bits(checkpoint.seconds);
    header["fit"] = fit_json(checkpoint.fit);
    header["history"] = Json::array();
    for (const auto& record : checkpoint.history) header["history"].push_back(record_json(record));
    return header.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class Number>
std::string_view bytes_of(const Number& number) {
    return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

std::string_view bytes_of(const std::vector<std::byte>& memory) {
    return {reinterpret_cast<const char*>(memory.data()), memory.size()};
}

fs::path name_of(const fs::path& folder, std::uint64_t step) {
    return folder / fmt::format("{}{:08}{}", kPrefix, step, kEnding);
}

// Newest first. Longer names have more steps.
std::vector<fs::path> checkpoint_files(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(kPrefix) && name.ends_with(kEnding)) files.push_back(entry.path());
    }
    std::ranges::sort(files, [](const fs::path& a, const fs::path& b) {
        const std::string left = a.filename().string();
        const std::string right = b.filename().string();
        return left.size() != right.size() ? left.size() > right.size() : left > right;
    });
    return files;
}

// Throws InvalidArgument with the reason, as the end of "the checkpoint '...' ".
Checkpoint parse(std::string_view bytes, const CheckpointIdentity& identity) {
    constexpr std::size_t kHash = sizeof(std::uint64_t) * 2;
    constexpr std::size_t kFixed = kMagic.size() + sizeof(std::uint64_t) + kHash;
    require(bytes.starts_with("kickdrum checkpoint"), "isn't one that Kickdrum wrote");
    require(bytes.starts_with(kMagic), "has the format of another version of Kickdrum");
    require(bytes.size() >= kFixed, "is damaged: it was cut off");
    std::array<std::uint64_t, 2> stored{};
    std::memcpy(stored.data(), bytes.data() + bytes.size() - kHash, kHash);
    const ContentHash hash = content_hash(bytes.substr(0, bytes.size() - kHash));
    require(hash.low == stored[0] && hash.high == stored[1],
            "is damaged: its bytes aren't those that were written");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data() + kMagic.size(), sizeof(length));
    require(length <= bytes.size() - kFixed, "is damaged: its header is too long");
    const Json header = Json::parse(bytes.substr(kMagic.size() + sizeof(length), length), nullptr, false);
    require(header.is_object(), "is damaged: its header can't be read");
    const auto theirs = header.at("identity").get<CheckpointIdentity>();
    for (const auto& [name, value] : identity) {
        const auto found = theirs.find(name);
        const std::string other = found == theirs.end() ? "unknown" : found->second;
        require(other == value, "belongs to something else: its {} is {}, here it is {}", name, other, value);
    }

    Checkpoint checkpoint;
    checkpoint.identity = theirs;
    checkpoint.fit = fit_from(header.at("fit"));
    checkpoint.best_epoch = header.at("best_epoch").get<int>();
    checkpoint.seconds = real(header.at("seconds"));
    for (const auto& record : header.at("history")) checkpoint.history.push_back(record_from(record));
    header.at("step").get_to(checkpoint.trainer.step);
    const std::string_view memory =
        bytes.substr(kMagic.size() + sizeof(length) + length, bytes.size() - kFixed - length);
    require(memory.size() == header.at("bytes").get<std::size_t>(), "is damaged: its weights were cut off");
    checkpoint.trainer.memory.resize(memory.size());
    std::memcpy(checkpoint.trainer.memory.data(), memory.data(), memory.size());
    return checkpoint;
}

}  // namespace

void write_checkpoint(const fs::path& folder, const Checkpoint& checkpoint) {
    const std::string header = header_of(checkpoint);
    const std::uint64_t length = header.size();
    const std::array<std::string_view, 4> content{kMagic, bytes_of(length), header,
                                                  bytes_of(checkpoint.trainer.memory)};
    const ContentHash hash = content_hash(content);
    const std::array<std::string_view, 6> parts{content[0], content[1],         content[2],
                                                content[3], bytes_of(hash.low), bytes_of(hash.high)};
    std::error_code error;
    fs::create_directories(folder, error);
    write_file_atomically(name_of(folder, checkpoint.trainer.step), parts);
    const std::vector<fs::path> files = checkpoint_files(folder);
    for (std::size_t i = kKept; i < files.size(); ++i) fs::remove(files[i], error);
}

FoundCheckpoint find_checkpoint(const fs::path& folder, const CheckpointIdentity& identity) {
    FoundCheckpoint found;
    for (const fs::path& file : checkpoint_files(folder)) {
        std::string reason;
        try {
            found.checkpoint = parse(read_file(file), identity);
            return found;
        } catch (const InvalidArgument& error) {
            reason = error.what();
        } catch (const nlohmann::json::exception& error) {
            reason = fmt::format("is damaged ({})", error.what());
        } catch (const UserError& error) {
            reason = fmt::format("can't be read ({})", error.what());
        }
        found.refused.push_back(fmt::format("the checkpoint '{}' {}", file.string(), reason));
    }
    return found;
}

CheckpointPace::CheckpointPace(Clock clock) : clock_(clock), ended_(clock()) {}

bool CheckpointPace::due() const {
    return clock_() - ended_ >= kCostFactor * cost_;
}

void CheckpointPace::begin() {
    begun_ = clock_();
}

double CheckpointPace::end() {
    ended_ = clock_();
    return cost_ = ended_ - begun_;
}

}  // namespace kickdrum
