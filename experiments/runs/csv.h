// SPDX-License-Identifier: MIT
// Comma-separated values as RFC 4180 has them: fields with a comma, quote or line break stand in quotes, a
// quote inside is doubled. Lines end with \n when written; \r\n is read too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kickdrum {

std::string csv_field(std::string_view text);

struct CsvPosition {
    int line = 0;    // from 1
    int column = 0;  // from 1, in characters of UTF-8
};

struct CsvRow {
    int line = 0;  // where it begins, from 1
    std::vector<std::string> fields;
    std::vector<CsvPosition> at{};  // where each field begins
    bool unclosed_quote = false;    // the last field's quote never closes
};

// Empty lines are left out. A quote that never closes runs to the end of the text.
std::vector<CsvRow> parse_csv(std::string_view text);

}  // namespace kickdrum
