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

namespace {

class CsvParser {
 public:
    explicit CsvParser(std::string_view text) : text_(text) {}

    std::vector<CsvRow> parse() {
        for (std::size_t i = 0; i < text_.size(); ++i) {
            const char c = text_[i];
            const bool doubled = c == '"' && quoted_ && text_.substr(i + 1, 1) == "\"";
            take(c, doubled);
            advance(c);
            if (doubled) advance(text_[++i]);
            if (!quoted_ && c == ',') field_at_ = here_;
            if (!quoted_ && c == '\n') begin_row();
        }
        row_.unclosed_quote = quoted_;
        end_row();
        return std::move(rows_);
    }

 private:
    void take(char c, bool doubled) {
        if (c == '"' && !doubled) {
            quoted_ = !quoted_;
        } else if (quoted_) {
            field_ += c;
        } else if (c == ',') {
            end_field();
        } else if (c == '\n') {
            end_row();
        } else if (c != '\r') {
            field_ += c;
        }
    }

    void advance(char c) {
        if (c == '\n') {
            here_ = {.line = here_.line + 1, .column = 1};
        } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {  // not inside a character of UTF-8
            ++here_.column;
        }
    }

    void end_field() {
        row_.fields.push_back(std::move(field_));
        row_.at.push_back(field_at_);
        field_.clear();
    }

    void end_row() {
        if (row_.fields.empty() && field_.empty() && !row_.unclosed_quote) return;
        end_field();
        rows_.push_back(std::move(row_));
    }

    void begin_row() {
        row_ = {.line = here_.line, .fields = {}};
        field_at_ = here_;
    }

    std::string_view text_;
    std::vector<CsvRow> rows_;
    CsvRow row_{.line = 1, .fields = {}};
    std::string field_;
    CsvPosition here_{.line = 1, .column = 1};
    CsvPosition field_at_ = here_;
    bool quoted_ = false;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text) {
    return CsvParser(text).parse();
}

}  // namespace kickdrum
