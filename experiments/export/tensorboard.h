// SPDX-License-Identifier: MIT
// A run's history as TensorBoard reads it: a file of records
//   u64 length, u32 masked CRC-32C of it, an Event (protocol buffers), u32 masked CRC-32C of that
// which grows by one Event an epoch, so that TensorBoard can follow. Little-endian.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "experiments/runs/run_result.h"

namespace kickdrum {

// CRC-32C (Castagnoli), as in RFC 3720.
std::uint32_t crc32c(std::string_view bytes);

// `seconds`: since 1970.
std::string tensorboard_header(double seconds);
std::string tensorboard_epoch(const EpochRecord& record, double seconds);

// The run's event file, of that name in its folder. Errors are UserErrors.
class TensorboardLog {
 public:
    // A new file with the epochs so far.
    TensorboardLog(const std::filesystem::path& folder, std::span<const EpochRecord> history);
    ~TensorboardLog();
    TensorboardLog(const TensorboardLog&) = delete;
    TensorboardLog& operator=(const TensorboardLog&) = delete;

    void add(const EpochRecord& record);

 private:
    void append(std::string_view bytes);

    std::filesystem::path file_;
    int descriptor_ = -1;
};

}  // namespace kickdrum
