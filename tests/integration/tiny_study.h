// SPDX-License-Identifier: MIT
// A folder with a complete tiny experiment: 36 clips of a third of a second in two classes, 18 tracks, a
// network that trains in milliseconds. Each test has its own and may break it.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/program.h"

namespace kickdrum {

inline void write_text(const std::filesystem::path& file, std::string_view text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
}

// Mono WAV of 32-bit floats: PCM could hold no NaN.
inline void write_wav(const std::filesystem::path& file, const std::vector<float>& samples,
                      std::uint32_t rate) {
    std::string bytes;
    const auto number = [&](std::uint32_t value, int size) {
        for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
    };
    const auto data_size = static_cast<std::uint32_t>(samples.size() * sizeof(float));
    bytes += "RIFF";
    number(36 + data_size, 4);
    bytes += "WAVEfmt ";
    number(16, 4);
    number(3, 2);  // IEEE float
    number(1, 2);
    number(rate, 4);
    number(rate * 4, 4);
    number(4, 2);
    number(32, 2);
    bytes += "data";
    number(data_size, 4);
    bytes.append(reinterpret_cast<const char*>(samples.data()), data_size);
    write_text(file, bytes);
}

class TinyStudy {
 public:
    static constexpr std::uint32_t kRate = 8000;
    static constexpr std::size_t kSamples = 2600;

    TinyStudy() {
        std::string name = (std::filesystem::temp_directory_path() / "kickdrum-study-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = name;
        labels_ = "sample_id,spot_id,genre\n";
        for (int track = 0; track < 18; ++track) {
            for (int clip = 0; clip < 2; ++clip) add_clip(track, clip);
        }
        write_text(folder_ / "labels.csv", labels_);
        write_text(folder_ / "experiment.yaml", kExperiment);
    }
    ~TinyStudy() {
        std::error_code ignored;
        std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, ignored);
        std::filesystem::remove_all(folder_, ignored);
    }
    TinyStudy(const TinyStudy&) = delete;
    TinyStudy& operator=(const TinyStudy&) = delete;

    const std::filesystem::path& folder() const { return folder_; }
    std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
    std::filesystem::path clip(const std::string& id) const { return folder_ / "clips" / (id + ".wav"); }
    const std::string& labels() const { return labels_; }

    // Replaces `from`, which must be there, in a file of the folder.
    void edit(const std::string& name, const std::string& from, const std::string& to) const {
        std::string text = text_of(folder_ / name);
        const auto at = text.find(from);
        if (at == std::string::npos) throw std::runtime_error("'" + from + "' isn't in " + name);
        write_text(folder_ / name, text.replace(at, from.size(), to));
    }

    // Runs the program in this folder, with a cache that the calls of one test share.
    CallOptions here() const {
        return {.folder = folder_, .environment = {{"KICKDRUM_CACHE", (folder_ / "cache").string()}}};
    }
    Outcome operator()(const std::vector<std::string>& words) const { return call(words, here()); }

    static constexpr std::string_view kExperiment = R"(name: tiny
runs: 2
seed: 7
data:
  labels: labels.csv
  audio: clips
  label: genre
  classes: [low, high]
features: {sample_rate: 8000, n_fft: 256, hop_length: 128, n_mels: 16, fmin: 20, fmax: 4000, size: [16, 16]}
model:
  - conv2d: {filters: 4, kernel: 3, padding: same, activation: relu}
  - max_pool2d: {size: 2}
  - flatten
  - dropout: {rate: 0.25}
  - dense: {units: classes, activation: softmax}
training:
  optimizer: {adam: {learning_rate: 0.01}}
  batch_size: 8
  epochs: 3
device: cpu
)";

 private:
    // A tone that its class has low or high, each track at its own pitch, over a little noise.
    void add_clip(int track, int clip) {
        const bool high = track % 2 == 1;
        const double hertz = (high ? 1800 : 250) + 15.0 * track + clip;
        std::vector<float> samples;
        std::uint32_t noise = static_cast<std::uint32_t>(track * 2 + clip + 1);
        for (std::size_t i = 0; i < kSamples; ++i) {
            noise = noise * 1664525U + 1013904223U;
            const double time = static_cast<double>(i) / kRate;
            samples.push_back(static_cast<float>(0.5 * std::sin(6.283185307 * hertz * time) +
                                                 0.01 * (static_cast<double>(noise) / 4294967296.0 - 0.5)));
        }
        const std::string id = fmt::format("t{:02}_{}", track, clip);
        write_wav(folder_ / "clips" / (id + ".wav"), samples, kRate);
        labels_ += fmt::format("{},track{:02},{}\n", id, track, high ? "high" : "low");
    }

    std::filesystem::path folder_;
    std::string labels_;
};

}  // namespace kickdrum
