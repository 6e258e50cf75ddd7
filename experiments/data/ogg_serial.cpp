// SPDX-License-Identifier: MIT
#include "experiments/data/ogg_serial.h"

#include <array>
#include <string_view>

namespace kickdrum {
namespace {

// Where a page has its fields, in bytes.
constexpr std::size_t kSerial = 14;
constexpr std::size_t kChecksum = 22;
constexpr std::size_t kSegments = 26;  // their number; their sizes follow
constexpr std::size_t kHeader = 27;

constexpr std::array<std::uint32_t, 256> checksum_table() {  // polynomial 0x04c11db7, highest bit first
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte << 24U;
        for (int bit = 0; bit < 8; ++bit) value = (value << 1U) ^ ((value >> 31U) != 0 ? 0x04c11db7U : 0U);
        table[byte] = value;
    }
    return table;
}

std::uint32_t checksum(std::string_view page) {
    static constexpr auto kTable = checksum_table();
    std::uint32_t value = 0;
    for (const char c : page) value = (value << 8U) ^ kTable[(value >> 24U) ^ static_cast<unsigned char>(c)];
    return value;
}

void put_little_endian(char* target, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) target[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

// Bytes of the page at the start of `bytes`; 0 where there is none.
std::size_t page_size(std::string_view bytes) {
    if (bytes.size() < kHeader || bytes.substr(0, 4) != "OggS") return 0;
    const std::size_t segments = static_cast<unsigned char>(bytes[kSegments]);
    std::size_t size = kHeader + segments;
    if (bytes.size() < size) return 0;
    for (const char c : bytes.substr(kHeader, segments)) size += static_cast<unsigned char>(c);
    return size <= bytes.size() ? size : 0;
}

}  // namespace

void set_ogg_serial(std::string& bytes, std::uint32_t serial) {
    std::size_t begin = 0;
    while (const std::size_t size = page_size(std::string_view(bytes).substr(begin))) {
        char* page = bytes.data() + begin;
        put_little_endian(page + kSerial, serial);
        put_little_endian(page + kChecksum, 0);
        put_little_endian(page + kChecksum, checksum({page, size}));
        begin += size;
    }
}

}  // namespace kickdrum
