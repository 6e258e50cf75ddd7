// SPDX-License-Identifier: MIT
#include "experiments/data/encode_audio.h"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "experiments/data/ogg_serial.h"
#include "experiments/diagnostics.h"

namespace kickdrum {
namespace {

SF_INFO description(AudioFormat format, int sample_rate) {
    SF_INFO info{};
    info.samplerate = sample_rate;
    info.channels = 1;
    switch (format) {
        case AudioFormat::flac: info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16; break;
        case AudioFormat::wav: info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16; break;
        case AudioFormat::ogg: info.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS; break;
        case AudioFormat::mp3: info.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III; break;
        case AudioFormat::flac24: info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_24; break;
        case AudioFormat::wav24: info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_24; break;
        case AudioFormat::wav_float: info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT; break;
    }
    return info;
}

// A file in memory, as libsndfile sees it.
struct MemoryFile {
    std::string bytes;
    std::size_t position = 0;
};

MemoryFile& memory(void* user) {
    return *static_cast<MemoryFile*>(user);
}

sf_count_t size_of(void* user) {
    return static_cast<sf_count_t>(memory(user).bytes.size());
}

sf_count_t seek(sf_count_t offset, int whence, void* user) {
    MemoryFile& file = memory(user);
    const sf_count_t base = whence == SEEK_CUR   ? static_cast<sf_count_t>(file.position)
                            : whence == SEEK_END ? size_of(user)
                                                 : 0;
    file.position = static_cast<std::size_t>(std::max<sf_count_t>(0, base + offset));
    return static_cast<sf_count_t>(file.position);
}

sf_count_t read(void* target, sf_count_t count, void* user) {
    MemoryFile& file = memory(user);
    const std::size_t left = file.bytes.size() - std::min(file.position, file.bytes.size());
    const std::size_t taken = std::min(left, static_cast<std::size_t>(count));
    std::memcpy(target, file.bytes.data() + file.position, taken);
    file.position += taken;
    return static_cast<sf_count_t>(taken);
}

sf_count_t write(const void* source, sf_count_t count, void* user) {
    MemoryFile& file = memory(user);
    const std::size_t end = file.position + static_cast<std::size_t>(count);
    if (file.bytes.size() < end) file.bytes.resize(end);
    std::memcpy(file.bytes.data() + file.position, source, static_cast<std::size_t>(count));
    file.position = end;
    return count;
}

sf_count_t tell(void* user) {
    return static_cast<sf_count_t>(memory(user).position);
}

[[noreturn]] void fail(AudioFormat format, const char* reason) {
    throw UserError(ExitCode::failed,
                    fmt::format("libsndfile can't write {} audio: {}", extension(format), reason));
}

}  // namespace

std::string_view extension(AudioFormat format) {
    switch (format) {
        case AudioFormat::flac:
        case AudioFormat::flac24: return "flac";
        case AudioFormat::wav:
        case AudioFormat::wav24:
        case AudioFormat::wav_float: return "wav";
        case AudioFormat::ogg: return "ogg";
        case AudioFormat::mp3: return "mp3";
    }
    return "";
}

bool can_write(AudioFormat format, int sample_rate) {
    // libsndfile only finds out when it opens the file which rates an encoder has.
    if (format == AudioFormat::mp3) {
        constexpr std::array kRates{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
        if (std::ranges::find(kRates, sample_rate) == kRates.end()) return false;
    }
    const SF_INFO info = description(format, sample_rate);
    return ::sf_format_check(&info) != 0;
}

AudioFormat writable_format(AudioFormat wanted) {
    for (const AudioFormat format : {wanted, AudioFormat::flac}) {
        if (can_write(format, 22050)) return format;
    }
    return AudioFormat::wav;
}

std::string encode_audio(std::span<const float> samples, int sample_rate, AudioFormat format,
                         std::uint32_t serial) {
    MemoryFile file;
    SF_VIRTUAL_IO io{size_of, seek, read, write, tell};
    SF_INFO info = description(format, sample_rate);
    std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> sound(sf_open_virtual(&io, SFM_WRITE, &info, &file),
                                                      sf_close);
    if (!sound) fail(format, sf_strerror(nullptr));
    // It would hold the time of writing.
    ::sf_command(sound.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
    // Without, libsndfile wraps around what is louder than full scale.
    if (format != AudioFormat::wav_float) ::sf_command(sound.get(), SFC_SET_CLIPPING, nullptr, SF_TRUE);
    const auto count = static_cast<sf_count_t>(samples.size());
    if (sf_write_float(sound.get(), samples.data(), count) != count) fail(format, sf_strerror(sound.get()));
    if (const int error = sf_close(sound.release()); error != 0) fail(format, sf_error_number(error));
    if (format == AudioFormat::ogg) set_ogg_serial(file.bytes, serial);
    return std::move(file.bytes);
}

}  // namespace kickdrum
