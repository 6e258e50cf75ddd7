// SPDX-License-Identifier: MIT
#include "experiments/data/label_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/files.h"
#include "experiments/nearest_name.h"

namespace kickdrum {
namespace {

std::optional<std::string> text_of(const std::filesystem::path& file, Problems& problems) {
    const std::string name = file.string();
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        problems.add({.message = "there is no such label table: check 'data.labels'", .file = name});
        return std::nullopt;
    }
    if (std::filesystem::is_directory(file, ignored)) {
        problems.add({.message = "this is a folder: 'data.labels' must name a CSV file", .file = name});
        return std::nullopt;
    }
    try {
        return read_file(file);
    } catch (const UserError&) {
        problems.add({.message = "can't read the label table: check its permissions", .file = name});
        return std::nullopt;
    }
}

// What a spreadsheet may have written instead of commas.
std::string other_separator(const CsvRow& header) {
    if (header.fields.size() != 1) return "";
    if (header.fields[0].find(';') != std::string::npos) return "semicolons";
    if (header.fields[0].find('\t') != std::string::npos) return "tabs";
    return "";
}

void take_row(LabelTable& table, CsvRow row, Problems& problems) {
    const std::size_t wanted = table.header.fields.size();
    if (row.unclosed_quote) {
        problems.add(table.problem(row.at.back(),
                                   "a quote begins here and never ends: close it, or double it if it "
                                   "belongs to the text"));
    } else if (row.fields.size() < wanted) {
        problems.add(table.problem(
            row.at.front(), fmt::format("this row has {} fields, but the header has {}: '{}' is missing",
                                        row.fields.size(), wanted, table.header.fields[row.fields.size()])));
    } else if (row.fields.size() > wanted) {
        problems.add(
            table.problem(row.at[wanted],
                          fmt::format("this row has {} fields, but the header has {}: put a field that has a "
                                      "comma into quotes",
                                      row.fields.size(), wanted)));
    } else {
        table.rows.push_back(std::move(row));
    }
}

}  // namespace

std::optional<std::size_t> LabelTable::column(const std::string& name, const std::string& key,
                                              Problems& problems) const {
    const auto& names = header.fields;
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
        problems.add(problem(header.at.front(),
                             fmt::format("there is no column '{}'{}: add it, or name another in '{}'", name,
                                         did_you_mean(name, names), key)));
        return std::nullopt;
    }
    const auto index = static_cast<std::size_t>(found - names.begin());
    if (const auto again = std::find(found + 1, names.end(), name); again != names.end()) {
        problems.add(problem(
            header.at[static_cast<std::size_t>(again - names.begin())],
            fmt::format("there is a second column '{}', the first is at column {}: rename or remove one",
                        name, header.at[index].column)));
        return std::nullopt;
    }
    return index;
}

std::optional<LabelTable> read_label_table(const std::filesystem::path& file, Problems& problems) {
    const std::optional<std::string> bytes = text_of(file, problems);
    if (!bytes) return std::nullopt;
    LabelTable table{.file = file.string(), .header = {}, .rows = {}};
    std::string_view text = *bytes;
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        problems.add({.message = "the table is written in UTF-16: save it as UTF-8", .file = table.file});
        return std::nullopt;
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);

    std::vector<CsvRow> rows = parse_csv(text);
    if (rows.empty()) {
        problems.add(
            {.message = "the table is empty: its first line must name the columns", .file = table.file});
        return std::nullopt;
    }
    table.header = std::move(rows.front());
    if (const std::string separator = other_separator(table.header); !separator.empty()) {
        problems.add(table.problem(table.header.at.front(),
                                   fmt::format("the columns are separated by {}: save the table "
                                               "with commas",
                                               separator)));
        return std::nullopt;
    }
    if (rows.size() == 1) {
        problems.add(
            {.message = "the table has a header, but no rows: add one for each clip", .file = table.file});
    }
    for (std::size_t i = 1; i < rows.size(); ++i) take_row(table, std::move(rows[i]), problems);
    return table;
}

}  // namespace kickdrum
