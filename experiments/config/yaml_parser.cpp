// SPDX-License-Identifier: MIT
// yaml-cpp's events become a YamlValue. Its own tree isn't used: it keeps both of two equal keys, and its
// values don't all know where they stand.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "experiments/config/yaml_messages.h"
#include "experiments/config/yaml_value.h"

namespace kickdrum {
namespace {

constexpr int kMostValues = 100'000;  // an alias of an alias of an alias... would fill the memory
constexpr int kDeepest = 100;

struct Mistake {
    std::string message;
    YAML::Mark mark;
};

// Where a line (from 0) begins; the text's end if there are fewer.
std::size_t offset_of_line(const std::string& text, int line) {
    std::size_t begin = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
    for (; line > 0 && begin < text.size(); --line)
        begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
    return begin;
}

// The tab in the indentation of this line or the one before; YAML's other complaints about it are hard to
// understand.
std::optional<YAML::Mark> tab_near(const std::string& text, const YAML::Mark& mark) {
    for (int line = std::max(mark.line - 1, 0); line <= mark.line; ++line) {
        const std::size_t begin = offset_of_line(text, line);
        const std::size_t end = text.find_first_not_of(" \t", begin);
        const std::size_t tab = text.find('\t', begin);
        if (tab == std::string::npos || (end != std::string::npos && tab > end)) continue;
        YAML::Mark place;
        place.line = line;
        place.column = static_cast<int>(tab - begin);
        return place;
    }
    return std::nullopt;
}

class TreeBuilder : public YAML::EventHandler {
 public:
    TreeBuilder(const std::string& text, const std::string& source, Problems& problems, bool with_positions)
        : text_(text), source_(source), problems_(problems), with_positions_(with_positions) {}

    YamlValue take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(made(mark), anchor, mark); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto known = anchors_.find(anchor);
        if (known == anchors_.end()) throw Mistake{"an alias can't stand inside of what it refers to", mark};
        YamlValue copy = known->second;
        count(copy, mark);
        add(std::move(copy), 0, mark);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override {
        check_tag(tag, mark);
        YamlValue value = made(mark);
        value.kind = YamlValue::Kind::scalar;
        value.text = text;
        value.quoted = tag != "?";
        if (value.quoted) require_closed(mark);
        add(std::move(value), anchor, mark);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        begin(YamlValue::Kind::list, mark, tag, anchor);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        begin(YamlValue::Kind::map, mark, tag, anchor);
    }
    void OnMapEnd() override { end(); }

 private:
    struct Frame {
        YamlValue value;
        YAML::anchor_t anchor = 0;
        YAML::Mark mark;
        bool has_key = false;
        YamlEntry entry{};  // of a map: the key that waits for its value
    };

    int line_of(const YAML::Mark& mark) const { return with_positions_ ? mark.line + 1 : 0; }
    int column_of(const YAML::Mark& mark) const { return with_positions_ ? mark.column + 1 : 0; }

    YamlValue made(const YAML::Mark& mark) {
        YamlValue value;
        value.source = source_;
        value.line = line_of(mark);
        value.column = column_of(mark);
        return value;
    }

    void check_tag(const std::string& tag, const YAML::Mark& mark) {
        if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
        problems_.add(made(mark).problem(fmt::format("the tag '{}' means nothing here; leave it out", tag)));
    }

    // yaml-cpp lets a text in quotes run to the end of the file.
    void require_closed(const YAML::Mark& mark) const {
        std::size_t at = offset_of_line(text_, mark.line) + static_cast<std::size_t>(mark.column);
        if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\''))
            return;  // a block of text ('|', '>')
        const char quote = text_[at];
        for (++at; at < text_.size(); ++at) {
            if (text_[at] == quote) return;
            if (quote == '"' && text_[at] == '\\') ++at;
        }
        throw Mistake{"the quotes that open here are never closed", mark};
    }

    void count(const YamlValue& value, const YAML::Mark& mark) {
        if (++values_ > kMostValues) throw Mistake{"too many values for an experiment file", mark};
        for (const auto& item : value.items) count(item, mark);
        for (const auto& entry : value.entries) count(entry.value, mark);
    }

    void begin(YamlValue::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        check_tag(tag, mark);
        if (stack_.size() >= kDeepest) throw Mistake{"blocks lie too deep in each other here", mark};
        YamlValue value = made(mark);
        value.kind = kind;
        stack_.push_back({.value = std::move(value), .anchor = anchor, .mark = mark});
    }

    void end() {
        Frame frame = std::move(stack_.back());
        stack_.pop_back();
        add(std::move(frame.value), frame.anchor, frame.mark);
    }

    void add(YamlValue value, YAML::anchor_t anchor, const YAML::Mark& mark) {
        if (anchor != 0) anchors_[anchor] = value;
        if (++values_ > kMostValues) throw Mistake{"too many values for an experiment file", mark};
        if (stack_.empty()) {
            root_ = std::move(value);
        } else if (Frame& parent = stack_.back(); parent.value.kind == YamlValue::Kind::list) {
            parent.value.items.push_back(std::move(value));
        } else if (!parent.has_key) {
            set_key(parent, value, mark);
        } else {
            add_entry(parent, std::move(value));
        }
    }

    void set_key(Frame& parent, const YamlValue& key, const YAML::Mark& mark) {
        if (key.kind == YamlValue::Kind::list || key.kind == YamlValue::Kind::map) {
            throw Mistake{"a key must be a plain word", mark};
        }
        parent.entry = {.key = key.text, .line = line_of(mark), .column = column_of(mark), .value = {}};
        if (key.kind == YamlValue::Kind::null) parent.entry.key = "null";
        parent.has_key = true;
    }

    void add_entry(Frame& parent, YamlValue value) {
        parent.has_key = false;
        YamlEntry entry = std::move(parent.entry);
        entry.value = std::move(value);
        entry.value.source = source_;
        if (entry.value.kind == YamlValue::Kind::null) {  // yaml-cpp puts it onto the next line
            entry.value.line = entry.line;
            entry.value.column = entry.column;
        }
        if (const YamlEntry* first = parent.value.find(entry.key)) {
            problems_.add(entry.problem(
                with_positions_
                    ? fmt::format("'{}' stands here for the second time (first in line {}); keep one of them",
                                  entry.key, first->line)
                    : fmt::format("'{}' is given twice; keep one of them", entry.key)));
            return;
        }
        parent.value.entries.push_back(std::move(entry));
    }

    const std::string& text_;
    std::string source_;
    Problems& problems_;
    bool with_positions_;
    YamlValue root_;
    std::vector<Frame> stack_;
    std::map<YAML::anchor_t, YamlValue> anchors_;
    int values_ = 0;
};

}  // namespace

std::optional<YamlValue> parse_yaml(const std::string& text, const std::string& source, Problems& problems,
                                    bool with_positions) {
    const auto complain = [&](const std::string& message, const YAML::Mark& mark) {
        const bool placed = with_positions && !mark.is_null();
        problems.add({.message = message,
                      .file = source,
                      .line = placed ? mark.line + 1 : 0,
                      .column = placed ? mark.column + 1 : 0});
    };
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        TreeBuilder tree(text, source, problems, with_positions);
        if (!parser.HandleNextDocument(tree)) {
            YamlValue empty;
            empty.source = source;
            return empty;
        }
        YamlValue root = tree.take();
        Problems ignored;
        TreeBuilder second(text, source, ignored, with_positions);
        if (parser.HandleNextDocument(second)) {
            const YamlValue more = second.take();
            problems.add(
                more.problem("a second document begins here ('---'); one file holds one experiment"));
        }
        return root;
    } catch (const Mistake& mistake) {
        complain(mistake.message, mistake.mark);
    } catch (const YAML::Exception& error) {
        const auto tab = tab_near(text, error.mark);
        complain(plain_yaml_message(tab ? YAML::ErrorMsg::TAB_IN_INDENTATION : error.msg),
                 tab.value_or(error.mark));
    }
    return std::nullopt;
}

}  // namespace kickdrum
