// SPDX-License-Identifier: MIT
#include "experiments/predict/sample_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/audio_file.h"
#include "dsp/audio_stream.h"

namespace kickdrum {
namespace {

using Kind = AudioError::Kind;
static_assert(std::endian::native == std::endian::little);

class FileSource : public SampleSource {
 public:
    explicit FileSource(const std::filesystem::path& file) : stream_(file) {}
    int sample_rate() const override { return stream_.sample_rate(); }
    std::size_t read(std::span<float> mono) override { return stream_.read(mono); }

 private:
    AudioStream stream_;
};

// As many bytes as asked for, or all that are left.
std::size_t read_bytes(int descriptor, char* to, std::size_t count) {
    std::size_t done = 0;
    while (done < count) {
        const ssize_t got = ::read(descriptor, to + done, count - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw AudioError(Kind::unreadable, "the stream can't be read");
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

std::size_t bytes_of(RawFormat format) {
    switch (format) {
        case RawFormat::u8: return 1;
        case RawFormat::s16le: return 2;
        case RawFormat::s24le: return 3;
        case RawFormat::s32le:
        case RawFormat::f32le: return 4;
        case RawFormat::f64le: return 8;
    }
    return 1;
}

template <class T>
T value_at(const char* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    return value;
}

float sample_of(RawFormat format, const char* bytes) {
    constexpr float kFull16 = 32768;
    constexpr float kFull32 = 2147483648.0F;
    switch (format) {
        case RawFormat::u8: return (static_cast<float>(static_cast<unsigned char>(*bytes)) - 128) / 128;
        case RawFormat::s16le: return static_cast<float>(value_at<std::int16_t>(bytes)) / kFull16;
        case RawFormat::s24le: {
            std::uint32_t bits = 0;
            std::memcpy(reinterpret_cast<char*>(&bits) + 1, bytes, 3);
            return static_cast<float>(std::bit_cast<std::int32_t>(bits)) / kFull32;
        }
        case RawFormat::s32le: return static_cast<float>(value_at<std::int32_t>(bytes)) / kFull32;
        case RawFormat::f32le: return value_at<float>(bytes);
        case RawFormat::f64le: return static_cast<float>(value_at<double>(bytes));
    }
    return 0;
}

class RawSource : public SampleSource {
 public:
    // `left`: bytes that may be read at most.
    RawSource(int descriptor, const RawSettings& settings, std::uint64_t left)
        : descriptor_(descriptor), settings_(settings), left_(left) {}

    int sample_rate() const override { return settings_.sample_rate; }

    std::size_t read(std::span<float> mono) override {
        const std::size_t width = bytes_of(settings_.format);
        const auto channels = static_cast<std::size_t>(settings_.channels);
        bytes_.resize(
            static_cast<std::size_t>(std::min<std::uint64_t>(left_, mono.size() * width * channels)));
        const std::size_t got = read_bytes(descriptor_, bytes_.data(), bytes_.size());
        left_ -= got;
        const std::size_t frames = got / (width * channels);  // half a frame at the end is left out
        for (std::size_t i = 0; i < frames; ++i) {
            float sum = 0;
            for (std::size_t c = 0; c < channels; ++c)
                sum += sample_of(settings_.format, bytes_.data() + (i * channels + c) * width);
            mono[i] = sum / static_cast<float>(channels);
        }
        return frames;
    }

 private:
    int descriptor_;
    RawSettings settings_;
    std::uint64_t left_;
    std::vector<char> bytes_;
};

[[noreturn]] void no_wav() {
    throw AudioError(Kind::unreadable,
                     "standard input is no WAV stream; for samples without a header name their format with "
                     "--raw, --rate and --channels");
}

// Of a "fmt " chunk.
RawSettings wav_format(std::string_view chunk) {
    constexpr int kPcm = 1;
    constexpr int kFloat = 3;
    constexpr int kExtensible = 0xFFFE;
    if (chunk.size() < 16) no_wav();
    int code = value_at<std::uint16_t>(chunk.data());
    if (code == kExtensible && chunk.size() >= 26) code = value_at<std::uint16_t>(chunk.data() + 24);
    const int bits = value_at<std::uint16_t>(chunk.data() + 14);
    const auto rate = value_at<std::uint32_t>(chunk.data() + 4);
    RawSettings settings{.sample_rate = static_cast<int>(std::min<std::uint32_t>(rate, 10'000'000)),
                         .channels = value_at<std::uint16_t>(chunk.data() + 2)};
    const auto is = [&](int wanted_code, int wanted_bits) {
        return code == wanted_code && bits == wanted_bits;
    };
    if (is(kPcm, 8)) {
        settings.format = RawFormat::u8;
    } else if (is(kPcm, 16)) {
        settings.format = RawFormat::s16le;
    } else if (is(kPcm, 24)) {
        settings.format = RawFormat::s24le;
    } else if (is(kPcm, 32)) {
        settings.format = RawFormat::s32le;
    } else if (is(kFloat, 32)) {
        settings.format = RawFormat::f32le;
    } else if (is(kFloat, 64)) {
        settings.format = RawFormat::f64le;
    } else {
        throw AudioError(Kind::unreadable,
                         fmt::format("the WAV stream's samples (format {}, {} bits) aren't PCM or float; "
                                     "convert it",
                                     code, bits));
    }
    if (settings.channels < 1 || settings.channels > 64 || settings.sample_rate < 1) no_wav();
    return settings;
}

}  // namespace

std::unique_ptr<SampleSource> file_source(const std::filesystem::path& file) {
    return std::make_unique<FileSource>(file);
}

std::unique_ptr<SampleSource> raw_source(int descriptor, const RawSettings& settings) {
    return std::make_unique<RawSource>(descriptor, settings, UINT64_MAX);
}

std::unique_ptr<SampleSource> wav_source(int descriptor) {
    std::string header(12, '\0');
    if (read_bytes(descriptor, header.data(), header.size()) < header.size() || !header.starts_with("RIFF") ||
        header.substr(8) != "WAVE")
        no_wav();
    RawSettings settings;
    bool has_format = false;
    for (;;) {
        std::string chunk(8, '\0');
        if (read_bytes(descriptor, chunk.data(), chunk.size()) < chunk.size()) no_wav();
        const auto size = value_at<std::uint32_t>(chunk.data() + 4);
        if (chunk.starts_with("data")) {
            if (!has_format) no_wav();
            // Written to a pipe, the length is 0 or as large as can be.
            const bool unknown = size == 0 || size >= 0x7FFFFF00;
            return std::make_unique<RawSource>(descriptor, settings, unknown ? UINT64_MAX : size);
        }
        constexpr std::uint32_t kLargest = 1 << 20;
        if (size > kLargest) no_wav();
        std::string content(size + (size & 1U), '\0');
        if (read_bytes(descriptor, content.data(), content.size()) < content.size()) no_wav();
        if (chunk.starts_with("fmt ")) {
            settings = wav_format(std::string_view(content).substr(0, size));
            has_format = true;
        }
    }
}

}  // namespace kickdrum
