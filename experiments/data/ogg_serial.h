// SPDX-License-Identifier: MIT
// libsndfile numbers an OGG stream by the clock, so that the same sound gives other bytes each time. This
// sets the number (and the checksums of the pages, RFC 3533).
#pragma once

#include <cstdint>
#include <string>

namespace kickdrum {

// `bytes`: a whole OGG file with one stream.
void set_ogg_serial(std::string& bytes, std::uint32_t serial);

}  // namespace kickdrum
