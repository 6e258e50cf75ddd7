// SPDX-License-Identifier: MIT
// Messages of protocol buffers, written field by field (the wire format of protobuf.dev/programming-guides/encoding).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace kickdrum {

class ProtobufWriter {
 public:
    ProtobufWriter& integer(int field, std::int64_t value) {
        tag(field, 0);
        varint(static_cast<std::uint64_t>(value));
        return *this;
    }
    ProtobufWriter& number(int field, float value) {
        tag(field, 5);
        const auto bits = std::bit_cast<std::uint32_t>(value);
        for (int byte = 0; byte < 4; ++byte) bytes_ += static_cast<char>((bits >> 8 * byte) & 0xFFU);
        return *this;
    }
    // Texts, bytes and messages are the same on the wire.
    ProtobufWriter& text(int field, std::string_view value) {
        tag(field, 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    ProtobufWriter& message(int field, const ProtobufWriter& value) { return text(field, value.bytes_); }

    const std::string& bytes() const { return bytes_; }

 private:
    void tag(int field, int type) { varint(static_cast<std::uint64_t>(field * 8 + type)); }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>((value & 0x7FU) | 0x80U);
        bytes_ += static_cast<char>(value);
    }

    std::string bytes_;
};

}  // namespace kickdrum
