// SPDX-License-Identifier: MIT
// A CSV table with a header, as a person made it: what is wrong with its form becomes problems with line and
// column.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/diagnostics.h"
#include "experiments/runs/csv.h"

namespace kickdrum {

struct LabelTable {
    std::string file;
    CsvRow header;
    std::vector<CsvRow> rows;  // each has as many fields as the header

    Diagnostic problem(CsvPosition at, std::string message) const {
        return {.message = std::move(message), .file = file, .line = at.line, .column = at.column};
    }
    // The index of a column; a problem and nothing where it is missing or there twice. `key` is the setting
    // that names it.
    std::optional<std::size_t> column(const std::string& name, const std::string& key,
                                      Problems& problems) const;
};

// Reads a table of UTF-8, with or without byte order mark, lines ending with \n or \r\n. A file that can't be
// read, an empty one and rows with too few or too many fields are added to `problems`; such rows are left
// out. Nothing is returned where the header can't be told.
std::optional<LabelTable> read_label_table(const std::filesystem::path& file, Problems& problems);

}  // namespace kickdrum
