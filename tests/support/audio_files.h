// SPDX-License-Identifier: MIT
// Sounds and audio files for tests, in a folder of their own that goes away with the test.
#pragma once

#include <gtest/gtest.h>
#include <sndfile.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace kickdrum {

class TemporaryFolder {
 public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "kickdrum_test_XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "can't make " << name;
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
    std::filesystem::path path_;
};

// amplitude * sin(2 pi f t / rate)
inline std::vector<float> sine(double frequency, int rate, std::size_t samples, double amplitude = 0.5) {
    std::vector<float> wave(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        wave[i] = static_cast<float>(
            amplitude * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / rate));
    }
    return wave;
}

// Writes interleaved samples; false where this libsndfile can't write the format.
inline bool write_audio(const std::filesystem::path& file, const std::vector<float>& interleaved, int rate,
                        int channels, int format) {
    SF_INFO info{};
    info.samplerate = rate;
    info.channels = channels;
    info.format = format;
    if (::sf_format_check(&info) == 0) return false;
    SNDFILE* sound = ::sf_open(file.c_str(), SFM_WRITE, &info);
    if (sound == nullptr) return false;
    const auto frames = static_cast<sf_count_t>(interleaved.size()) / channels;
    const bool written = ::sf_writef_float(sound, interleaved.data(), frames) == frames;
    return ::sf_close(sound) == 0 && written;
}

inline std::string read_bytes(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream bytes;
    bytes << stream.rdbuf();
    return bytes.str();
}

inline void write_bytes(const std::filesystem::path& file, std::string_view bytes) {
    std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// The reference data; an empty path where there is none.
inline std::filesystem::path reference_data() {
    const char* folder = std::getenv("KICKDRUM_REFERENCE_DATA");
    const std::filesystem::path path =
        folder != nullptr ? folder : std::filesystem::path(KICKDRUM_SOURCE_DIR) / "../shared/data";
    return std::filesystem::is_directory(path) ? path : std::filesystem::path();
}

}  // namespace kickdrum
