// SPDX-License-Identifier: MIT
#include "experiments/export/tensorboard.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "experiments/diagnostics.h"

namespace kickdrum {
namespace {

constexpr const char* kFile = "events.out.tfevents.0.kickdrum";

std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0x82F63B78U : crc >> 1U;
        table[byte] = crc;
    }
    return table;
}

// TensorFlow's: a CRC of data that holds CRCs would be weak.
std::uint32_t masked(std::uint32_t crc) {
    return ((crc >> 15U) | (crc << 17U)) + 0xA282EAD8U;
}

template <class Number>
void put(std::string& bytes, Number number) {
    static_assert(std::endian::native == std::endian::little);
    char raw[sizeof(number)];
    std::memcpy(raw, &number, sizeof(number));
    bytes.append(raw, sizeof(number));
}

void put_varint(std::string& bytes, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>(value | 0x80U);
    bytes += static_cast<char>(value);
}

// Wire types of protocol buffers.
enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

void put_tag(std::string& bytes, unsigned field, Wire wire) {
    put_varint(bytes, field << 3U | static_cast<unsigned>(wire));
}

void put_bytes(std::string& bytes, unsigned field, std::string_view value) {
    put_tag(bytes, field, Wire::bytes);
    put_varint(bytes, value.size());
    bytes += value;
}

std::string record(const std::string& event) {
    std::string bytes;
    put(bytes, static_cast<std::uint64_t>(event.size()));
    put(bytes, masked(crc32c(bytes)));
    bytes += event;
    put(bytes, masked(crc32c(event)));
    return bytes;
}

// Event.wall_time = 1.
std::string event_at(double seconds) {
    std::string event;
    put_tag(event, 1, Wire::fixed64);
    put(event, seconds);
    return event;
}

double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
    throw UserError(ExitCode::failed,
                    fmt::format("can't write '{}': {}", file.string(),
                                std::generic_category().message(error == 0 ? ENOSPC : error)));
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
    static const std::array<std::uint32_t, 256> kTable = crc_table();
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (crc >> 8U);
    return ~crc;
}

std::string tensorboard_header(double seconds) {
    std::string event = event_at(seconds);
    put_bytes(event, 3, "brain.Event:2");  // file_version
    return record(event);
}

std::string tensorboard_epoch(const EpochRecord& epoch, double seconds) {
    const std::array<std::pair<std::string_view, double>, 6> values{
        {{"loss/train", epoch.loss},
         {"loss/val", epoch.val_loss},
         {"accuracy/train", epoch.accuracy},
         {"accuracy/val", epoch.val_accuracy},
         {"weighted_f1/val", epoch.val_weighted_f1},
         {"learning_rate", epoch.learning_rate}}};
    std::string summary;
    for (const auto& [tag, number] : values) {
        std::string value;
        put_bytes(value, 1, tag);  // Summary.Value.tag, simple_value
        put_tag(value, 2, Wire::fixed32);
        put(value, static_cast<float>(number));
        put_bytes(summary, 1, value);
    }
    std::string event = event_at(seconds);
    put_tag(event, 2, Wire::varint);  // step
    put_varint(event, static_cast<std::uint64_t>(epoch.epoch));
    put_bytes(event, 5, summary);
    return record(event);
}

TensorboardLog::TensorboardLog(const std::filesystem::path& folder, std::span<const EpochRecord> history)
    : file_(folder / kFile) {
    descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail(file_, errno);
    append(tensorboard_header(now()));
    // When those epochs ended isn't known any more: their distances are.
    double time = now();
    for (const auto& one : history) time -= one.seconds;
    for (const auto& one : history) append(tensorboard_epoch(one, time += one.seconds));
}

TensorboardLog::~TensorboardLog() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void TensorboardLog::add(const EpochRecord& epoch) {
    append(tensorboard_epoch(epoch, now()));
}

void TensorboardLog::append(std::string_view bytes) {
    errno = 0;
    if (::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        fail(file_, errno);
}

}  // namespace kickdrum
