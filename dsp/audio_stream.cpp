// SPDX-License-Identifier: MIT
#include "dsp/audio_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sndfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "dsp/audio_file.h"
#include "dsp/byte_window.h"
#include "dsp/mpeg_audio.h"
#include "dsp/truncation.h"

namespace kickdrum {
namespace {

using Kind = AudioError::Kind;

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

// Parts of a file, as libsndfile reads them: one behind the other.
struct RangesFile {
    RangesFile(const std::filesystem::path& file, std::vector<ByteRange> parts)
        : stream(file, std::ios::binary), ranges(std::move(parts)) {
        for (const ByteRange& range : ranges) {
            starts.push_back(size);
            size += range.size;
        }
    }

    std::ifstream stream;
    std::vector<ByteRange> ranges;
    std::vector<sf_count_t> starts;  // of each of them, in what is read
    sf_count_t size = 0;
    sf_count_t position = 0;

    static RangesFile& of(void* file) { return *static_cast<RangesFile*>(file); }

    static sf_count_t length(void* file) { return of(file).size; }
    static sf_count_t tell(void* file) { return of(file).position; }
    static sf_count_t seek(sf_count_t offset, int whence, void* file) {
        RangesFile& self = of(file);
        const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? self.position : self.size;
        self.position = std::clamp<sf_count_t>(base + offset, 0, self.size);
        return self.position;
    }
    static sf_count_t read(void* to, sf_count_t count, void* file) {
        RangesFile& self = of(file);
        auto* bytes = static_cast<char*>(to);
        sf_count_t done = 0;
        while (done < count && self.position < self.size) {
            const auto next = std::ranges::upper_bound(self.starts, self.position);
            const auto index = static_cast<std::size_t>(next - self.starts.begin() - 1);
            const sf_count_t within = self.position - self.starts[index];
            const sf_count_t taken = std::min(count - done, self.ranges[index].size - within);
            self.stream.clear();
            self.stream.seekg(self.ranges[index].position + within);
            self.stream.read(bytes + done, taken);
            const sf_count_t got = self.stream.gcount();
            self.position += got;
            done += got;
            if (got < taken) break;
        }
        return done;
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

SoundFile open_sound(RangesFile& file, SF_INFO& info) {
    SF_VIRTUAL_IO access{.get_filelen = RangesFile::length,
                         .seek = RangesFile::seek,
                         .read = RangesFile::read,
                         .write = RangesFile::write,
                         .tell = RangesFile::tell};
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

}  // namespace

struct AudioStream::Open {
    std::unique_ptr<RangesFile> parts;  // before `sound`, which reads from it
    SoundFile sound;
    SF_INFO info{};
    std::vector<float> block;
    sf_count_t decoded = 0;
};

AudioStream::AudioStream(const std::filesystem::path& file) : open_(std::make_unique<Open>()) {
    require_readable(file);
    ByteWindow bytes(file);
    if (auto mpeg = read_mpeg_audio(bytes)) {
        // libsndfile's MP3 decoder prints about tags and damage, so it gets to see the frames alone.
        if (mpeg->truncated) fail_truncated();
        open_->parts = std::make_unique<RangesFile>(file, std::move(mpeg->frames));
        if (open_->parts->size > 0) open_->sound = open_sound(*open_->parts, open_->info);
    } else {
        if (is_truncated(bytes)) fail_truncated();
        open_->sound = open_sound(file, open_->info);
    }
    if (!open_->sound || open_->info.channels < 1 || open_->info.samplerate < 1) fail_unreadable();
    open_->block.resize(static_cast<std::size_t>(kBlock) * static_cast<std::size_t>(open_->info.channels));
}

AudioStream::~AudioStream() = default;

int AudioStream::sample_rate() const {
    return open_->info.samplerate;
}

int AudioStream::channels() const {
    return open_->info.channels;
}

std::int64_t AudioStream::announced() const {
    // Formats that are written to a pipe announce the largest number there is.
    return open_->info.frames < SF_COUNT_MAX ? open_->info.frames : 0;
}

std::size_t AudioStream::read(std::span<float> mono) {
    const auto channels = static_cast<std::size_t>(open_->info.channels);
    const auto count = static_cast<float>(channels);
    const float* const block = open_->block.data();
    std::size_t done = 0;
    while (done < mono.size()) {
        const auto wanted = std::min<sf_count_t>(kBlock, static_cast<sf_count_t>(mono.size() - done));
        const sf_count_t frames = ::sf_readf_float(open_->sound.get(), open_->block.data(), wanted);
        if (frames <= 0) break;
        for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
            float sum = block[i * channels];
            for (std::size_t c = 1; c < channels; ++c) sum += block[i * channels + c];
            mono[done++] = sum / count;
        }
        open_->decoded += frames;
    }
    if (done < mono.size() && open_->decoded < announced()) fail_truncated();
    return done;
}

}  // namespace kickdrum
