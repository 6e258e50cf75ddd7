// SPDX-License-Identifier: MIT
#include "experiments/runs/csv.h"

namespace kickdrum {

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::vector<CsvRow> parse_csv(std::string_view text) {
    std::vector<CsvRow> rows;
    CsvRow row{.line = 1, .fields = {}};
    std::string field;
    int line = 1;
    bool quoted = false;
    const auto end_row = [&] {
        if (!row.fields.empty() || !field.empty()) {
            row.fields.push_back(std::move(field));
            rows.push_back(std::move(row));
        }
        field.clear();
        row = {.line = line, .fields = {}};
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') ++line;
        if (quoted) {
            if (c != '"') {
                field += c;
            } else if (i + 1 < text.size() && text[i + 1] == '"') {
                field += text[++i];
            } else {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            row.fields.push_back(std::move(field));
            field.clear();
        } else if (c == '\n') {
            end_row();
        } else if (c != '\r') {
            field += c;
        }
    }
    end_row();
    return rows;
}

}  // namespace kickdrum
