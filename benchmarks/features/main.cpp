// SPDX-License-Identifier: MIT
// kickdrum_bench_features: our side of compare_librosa.py. Reads audio files and computes their features on
// one thread, stage by stage; prints the milliseconds of each clip and stage, and the memory that it took, as
// JSON. --write DIR: the log-mel spectrograms in dB as raw little-endian floats [n_mels, frames], DIR/0.f32
// for the first file, and so on.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "benchmarks/features/stages.h"
#include "dsp/audio_file.h"
#include "dsp/resample.h"
#include "kernels/device/error.h"
#include "kernels/device/host_memory.h"

namespace kickdrum {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct Options {
    std::vector<fs::path> files;
    LogMelSettings log_mel;
    fs::path write;
    int passes = 1;
};

// Milliseconds of each clip, by stage.
using Times = std::map<std::string, std::vector<double>>;

template <class Work>
auto timed(std::vector<double>& times, Work work) {
    const auto start = std::chrono::steady_clock::now();
    auto result = work();
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    return result;
}

// The log-mel spectrogram in dB, until the next call; the times are appended.
const std::vector<float>& process(const fs::path& file, Stages& stages, Times& times) {
    const Audio audio = timed(times["decode"], [&] { return read_audio(file); });
    const std::vector<float> samples = timed(
        times["resample"], [&] { return resample(audio.samples, audio.sample_rate, kFeatureSampleRate); });
    const auto stage = [&](const std::string& name, void (Stages::*work)(std::span<const float>)) {
        timed(times[name], [&] { return ((stages.*work)(samples), 0); });
    };
    const std::vector<float>& db = *timed(times["log_mel"], [&] { return &stages.log_mel(samples); });
    stage("stft", &Stages::stft);
    stage("mfcc", &Stages::mfcc);
    stage("chroma", &Stages::chroma);
    stage("published", &Stages::published);
    stage("standard", &Stages::standard);
    return db;
}

void write(const fs::path& file, const std::vector<float>& numbers) {
    std::ofstream stream(file, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(numbers.data()),
                 static_cast<std::streamsize>(numbers.size() * sizeof(float)));
    require(stream.good(), "can't write {}", file.string());
}

json run(const Options& options) {
    Stages stages(options.log_mel);
    Times warm_up;
    process(options.files.front(), stages, warm_up);
    Times times;
    for (int pass = 0; pass < options.passes; ++pass) {
        for (std::size_t i = 0; i < options.files.size(); ++i) {
            const auto& db = process(options.files[i], stages, times);
            if (!options.write.empty()) write(options.write / (std::to_string(i) + ".f32"), db);
        }
    }
    struct rusage usage {};
    ::getrusage(RUSAGE_SELF, &usage);
    return {{"times", times},
            {"simd", to_string(best_simd_level())},
            {"peak_mb", static_cast<double>(usage.ru_maxrss) / 1024}};
}

}  // namespace

}  // namespace kickdrum

int main(int argc, char** argv) {
    kickdrum::keep_freed_memory();  // as the program does
    kickdrum::Options options;
    CLI::App app("Times decoding, resampling and features on one thread; prints JSON.");
    app.add_option("files", options.files, "audio files")->required();
    app.add_option("--n-fft", options.log_mel.n_fft);
    app.add_option("--hop-length", options.log_mel.hop_length);
    app.add_option("--passes", options.passes, "times over all files")->check(CLI::PositiveNumber);
    app.add_option("--write", options.write, "a folder for the spectrograms")->check(CLI::ExistingDirectory);
    CLI11_PARSE(app, argc, argv);
    try {
        std::cout << kickdrum::run(options).dump() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
