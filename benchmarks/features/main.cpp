// SPDX-License-Identifier: MIT
// kickdrum_bench_features: our side of compare_librosa.py. Reads audio files, computes their log-mel
// spectrograms on one thread, and prints the milliseconds of each clip as JSON. --write DIR: the spectrograms
// in dB as raw little-endian floats [n_mels, frames], DIR/0.f32 for the first file, and so on.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dsp/audio_file.h"
#include "dsp/log_mel.h"
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

struct Times {
    std::vector<double> clip;     // all stages
    std::vector<double> decode;   // of which
    std::vector<double> log_mel;  // of which
};

double milliseconds_between(std::chrono::steady_clock::time_point start,
                            std::chrono::steady_clock::time_point end) {
    return std::chrono::duration<double, std::milli>(end - start).count();
}

// Keeps its memory from clip to clip.
class Pipeline {
 public:
    explicit Pipeline(const LogMelSettings& settings) : plan_(settings, best_simd_level()) {}

    // The spectrogram in dB, until the next call; its times are appended.
    const std::vector<float>& process(const fs::path& file, Times& times) {
        const auto start = std::chrono::steady_clock::now();
        const Audio audio = read_audio(file);
        const auto decoded = std::chrono::steady_clock::now();
        const std::vector<float> samples =
            resample(audio.samples, audio.sample_rate, plan_.settings().sample_rate);
        const auto resampled = std::chrono::steady_clock::now();
        const std::int64_t frames = plan_.frames(static_cast<std::int64_t>(samples.size()));
        db_.resize(static_cast<std::size_t>(plan_.settings().n_mels * frames));
        plan_.execute(samples, scratch_, db_);
        const auto end = std::chrono::steady_clock::now();
        times.clip.push_back(milliseconds_between(start, end));
        times.decode.push_back(milliseconds_between(start, decoded));
        times.log_mel.push_back(milliseconds_between(resampled, end));
        return db_;
    }

 private:
    LogMelPlan plan_;
    LogMelPlan::Scratch scratch_;
    std::vector<float> db_;
};

void write(const fs::path& file, const std::vector<float>& numbers) {
    std::ofstream stream(file, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(numbers.data()),
                 static_cast<std::streamsize>(numbers.size() * sizeof(float)));
    require(stream.good(), "can't write {}", file.string());
}

json run(const Options& options) {
    Pipeline pipeline(options.log_mel);
    Times warm_up;
    pipeline.process(options.files.front(), warm_up);
    Times times;
    for (int pass = 0; pass < options.passes; ++pass) {
        for (std::size_t i = 0; i < options.files.size(); ++i) {
            const auto& db = pipeline.process(options.files[i], times);
            if (!options.write.empty()) write(options.write / (std::to_string(i) + ".f32"), db);
        }
    }
    return {{"clip_ms", times.clip},
            {"decode_ms", times.decode},
            {"log_mel_ms", times.log_mel},
            {"simd", to_string(best_simd_level())}};
}

}  // namespace

}  // namespace kickdrum

int main(int argc, char** argv) {
    kickdrum::keep_freed_memory();  // as the program does
    kickdrum::Options options;
    CLI::App app("Times decoding, resampling and log-mel spectrograms on one thread; prints JSON.");
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
