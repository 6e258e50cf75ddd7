// SPDX-License-Identifier: MIT
#include "dsp/audio_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sndfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include "dsp/byte_window.h"
#include "dsp/mpeg_audio.h"
#include "dsp/truncation.h"

namespace kickdrum {
namespace {

using Kind = AudioError::Kind;

constexpr float kSilence = 1e-6F;
constexpr std::int64_t kBlock = 1 << 14;  // frames per read

struct Close {
    void operator()(SNDFILE* file) const { ::sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, Close>;

void require_readable(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR) {
            throw AudioError(Kind::missing, "there is no such file; check the name and the folder");
        }
        throw AudioError(Kind::unreadable, fmt::format("it can't be opened ({}); check its permissions",
                                                       std::generic_category().message(error)));
    }
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    ::close(descriptor);
    if (!known || !S_ISREG(status.st_mode)) {
        throw AudioError(Kind::unreadable, "it's not a file; give an audio file");
    }
    if (status.st_size == 0) {
        throw AudioError(Kind::empty, "the file is empty (0 bytes); copy it again or leave it out");
    }
}

// A file in memory, as libsndfile reads it.
struct MemoryFile {
    std::vector<char> bytes;
    sf_count_t position = 0;

    sf_count_t size() const { return static_cast<sf_count_t>(bytes.size()); }
    static MemoryFile& of(void* file) { return *static_cast<MemoryFile*>(file); }

    static sf_count_t length(void* file) { return of(file).size(); }
    static sf_count_t tell(void* file) { return of(file).position; }
    static sf_count_t seek(sf_count_t offset, int whence, void* file) {
        MemoryFile& self = of(file);
        const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? self.position : self.size();
        self.position = std::clamp<sf_count_t>(base + offset, 0, self.size());
        return self.position;
    }
    static sf_count_t read(void* to, sf_count_t count, void* file) {
        MemoryFile& self = of(file);
        const sf_count_t taken = std::min(count, self.size() - self.position);
        std::copy_n(self.bytes.begin() + self.position, taken, static_cast<char*>(to));
        self.position += taken;
        return taken;
    }
    static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
};

// A failed sf_open writes its reason into variables of libsndfile that all threads share: one at a time.
template <class Open>
SoundFile open_alone(Open open) {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    return SoundFile(open());
}

SoundFile open_sound(const std::filesystem::path& file, SF_INFO& info) {
    return open_alone([&] { return ::sf_open(file.c_str(), SFM_READ, &info); });
}

SoundFile open_sound(MemoryFile& file, SF_INFO& info) {
    SF_VIRTUAL_IO access{.get_filelen = MemoryFile::length,
                         .seek = MemoryFile::seek,
                         .read = MemoryFile::read,
                         .write = MemoryFile::write,
                         .tell = MemoryFile::tell};
    return open_alone([&] { return ::sf_open_virtual(&access, SFM_READ, &info, &file); });
}

[[noreturn]] void fail_truncated() {
    throw AudioError(Kind::truncated,
                     "the file is cut off or damaged: a part of it is missing; copy or export it again");
}

[[noreturn]] void fail_unreadable() {
    throw AudioError(Kind::unreadable,
                     "it's not audio that can be read, or it's damaged; convert it to WAV, FLAC, OGG or MP3");
}

// Decodes everything, mixing the channels down block by block.
std::vector<float> decode(SNDFILE* file, const SF_INFO& info) {
    const auto channels = static_cast<std::size_t>(info.channels);
    std::vector<float> block(static_cast<std::size_t>(kBlock) * channels);
    std::vector<float> mono;
    // The header may announce anything; memory follows from what is really there.
    mono.reserve(static_cast<std::size_t>(std::clamp<sf_count_t>(info.frames, 0, 1 << 24)));
    const auto count = static_cast<float>(channels);
    for (;;) {
        const sf_count_t frames = ::sf_readf_float(file, block.data(), kBlock);
        if (frames <= 0) return mono;
        for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
            float sum = block[i * channels];
            for (std::size_t c = 1; c < channels; ++c) sum += block[i * channels + c];
            mono.push_back(sum / count);
        }
    }
}

void require_sound(const std::vector<float>& samples) {
    if (samples.empty()) {
        throw AudioError(Kind::empty, "it has no samples; export it again or leave it out");
    }
    float peak = 0;
    for (const float sample : samples) {
        if (!std::isfinite(sample)) {
            throw AudioError(Kind::not_finite,
                             "it holds samples that are no numbers (NaN or infinity); export it again");
        }
        peak = std::max(peak, std::abs(sample));
    }
    if (peak < kSilence) {
        throw AudioError(Kind::silent,
                         "it's silent throughout; leave it out or cut another part of the track");
    }
}

}  // namespace

Audio read_audio(const std::filesystem::path& file) {
    require_readable(file);
    ByteWindow bytes(file);
    SF_INFO info{};
    MemoryFile frames;  // before `sound`, which reads from it
    SoundFile sound;
    if (auto mpeg = read_mpeg_audio(bytes)) {
        // libsndfile's MP3 decoder prints about tags and damage, so it gets to see the frames alone.
        if (mpeg->truncated) fail_truncated();
        frames.bytes = std::move(mpeg->frames);
        if (!frames.bytes.empty()) sound = open_sound(frames, info);
    } else {
        if (is_truncated(bytes)) fail_truncated();
        sound = open_sound(file, info);
    }
    if (!sound || info.channels < 1 || info.samplerate < 1) fail_unreadable();

    Audio audio{
        .samples = decode(sound.get(), info), .sample_rate = info.samplerate, .channels = info.channels};
    const auto decoded = static_cast<sf_count_t>(audio.samples.size());
    // Formats that are written to a pipe announce the largest number there is.
    if (decoded < info.frames && info.frames < SF_COUNT_MAX) fail_truncated();
    require_sound(audio.samples);
    return audio;
}

}  // namespace kickdrum
