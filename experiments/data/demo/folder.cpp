// SPDX-License-Identifier: MIT
#include "experiments/data/demo/folder.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <regex>
#include <string>
#include <system_error>
#include <vector>

#include "experiments/diagnostics.h"
#include "experiments/files.h"

namespace kickdrum::demo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNote = ".kickdrum-demo-data";  // a line per table: hash, name
constexpr std::string_view kTables[] = {"labels.csv", "experiment.yaml"};

std::string note_line(std::string_view name, std::string_view bytes) {
    return fmt::format("{:016x}  {}\n", XXH3_64bits(bytes.data(), bytes.size()), name);
}

// Also what an interrupted call left: "x.flac.1234.5.tmp".
bool is_clip(const fs::directory_entry& entry) {
    static const std::regex kClip(R"(track\d{3,}_\d+\.(flac|wav|ogg|mp3)(\.\d+\.\d+\.tmp)?)");
    return entry.is_regular_file() && std::regex_match(entry.path().filename().string(), kClip);
}

bool is_unchanged_table(const fs::directory_entry& entry, std::string_view note) {
    const std::string name = entry.path().filename().string();
    for (const std::string_view table : kTables) {
        if (name == table)
            return note.find(note_line(name, read_file(entry.path()))) != std::string_view::npos;
        if (name.starts_with(fmt::format("{}.", table)) && name.ends_with(".tmp")) return true;
    }
    return false;
}

[[noreturn]] void refuse(const fs::path& folder, const fs::path& found) {
    throw UserError(
        ExitCode::usage,
        fmt::format("'{}' holds '{}', which demo-data didn't write or which was changed since; choose "
                    "a new or empty folder",
                    folder.string(), found.lexically_relative(folder).string()));
}

// Everything in the folder, all of it from an earlier call.
std::vector<fs::path> own_files(const fs::path& folder) {
    std::vector<fs::path> files;
    const fs::path note_file = folder / kNote;
    const std::string note = fs::is_regular_file(note_file) ? read_file(note_file) : "";
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        if (entry.path().filename() == "clips" && entry.is_directory() && !entry.is_symlink()) {
            for (const fs::directory_entry& clip : fs::directory_iterator(entry.path())) {
                if (!is_clip(clip)) refuse(folder, clip.path());
                files.push_back(clip.path());
            }
        } else {
            const bool own =
                entry.is_regular_file() && (entry.path() == note_file || is_unchanged_table(entry, note));
            if (!own) refuse(folder, entry.path());
            files.push_back(entry.path());
        }
    }
    return files;
}

}  // namespace

void prepare_folder(const fs::path& folder) {
    try {
        if (fs::exists(folder) && !fs::is_directory(folder)) {
            throw UserError(ExitCode::usage,
                            fmt::format("'{}' is a file; demo-data needs a folder", folder.string()));
        }
        fs::create_directories(folder);
        for (const fs::path& file : own_files(folder)) fs::remove(file);
        fs::create_directories(folder / "clips");
    } catch (const fs::filesystem_error& error) {
        throw UserError(ExitCode::failed, fmt::format("can't prepare the folder '{}': {}; choose another one",
                                                      folder.string(), error.code().message()));
    }
}

void write_tables(const fs::path& folder, std::string_view labels, std::string_view experiment) {
    write_file_atomically(folder / kNote, note_line(kTables[0], labels) + note_line(kTables[1], experiment));
    write_file_atomically(folder / kTables[0], labels);
    write_file_atomically(folder / kTables[1], experiment);
}

}  // namespace kickdrum::demo
