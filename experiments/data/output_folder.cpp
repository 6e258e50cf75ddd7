// SPDX-License-Identifier: MIT
#include "experiments/data/output_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <regex>
#include <system_error>

#include "experiments/data/content_hash.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kJournal = ".kickdrum-files";
constexpr std::size_t kHashDigits = 32;

std::string hash_text(std::string_view origin) {
    const ContentHash hash = content_hash(origin);
    return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

[[noreturn]] void fail(const fs::path& folder, const std::string& reason) {
    throw UserError(
        ExitCode::failed,
        fmt::format("can't write into '{}': {}; choose another folder with --out", folder.string(), reason));
}

const fs::path& made(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!fs::is_directory(folder)) fail(folder, error ? error.message() : "it's not a folder");
    return folder;
}

}  // namespace

std::string reason_against_file_name(std::string_view name) {
    if (name.empty()) return "is empty";
    if (name == "." || name == "..") return "is no name of a file";
    if (name.size() > 200) return "is longer than 200 bytes";
    if (name.find_first_of("/\\") != std::string_view::npos) return "has a path separator";
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (std::ranges::any_of(name, is_control)) return "has a control character, such as a line break";
    return "";
}

OutputFolder::OutputFolder(const fs::path& folder, bool force)
    : folder_(made(folder)), force_(force), lock_(folder) {
    remove_leftovers();
    if (!force_) read_journal();
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (force_ ? O_TRUNC : 0);
    journal_ = ::open((folder_ / kJournal).c_str(), flags, 0644);
    if (journal_ < 0) fail(folder_, std::generic_category().message(errno));
}

OutputFolder::~OutputFolder() {
    if (journal_ >= 0) ::close(journal_);
}

// Temporary files of write_file_atomically: nobody else writes here, as we have the lock.
void OutputFolder::remove_leftovers() const {
    static const std::regex kTemporary(R"(.*\.\d+\.\d+\.tmp)");
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
        const std::string name = entry.path().filename().string();
        if (name.size() < 256 && std::regex_match(name, kTemporary)) fs::remove(entry.path(), error);
    }
}

void OutputFolder::read_journal() {
    const fs::path file = folder_ / kJournal;
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) return;
    const std::string text = read_file(file);
    std::string_view rest = text;
    // A last line without its end was cut off by a kill, before its file was written.
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        if (line.size() <= kHashDigits + 1 || line[kHashDigits] != ' ') continue;
        origins_.insert_or_assign(std::string(line.substr(kHashDigits + 1)),
                                  std::string(line.substr(0, kHashDigits)));
    }
}

OutputFolder::State OutputFolder::state(const std::string& name, std::string_view origin) const {
    if (force_) return State::to_make;
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(folder_ / name, ignored))) return State::to_make;
    const auto known = origins_.find(name);
    if (known == origins_.end()) return State::foreign;
    return known->second == hash_text(origin) ? State::done : State::to_make;
}

void OutputFolder::write(const std::string& name, std::string_view origin, std::string_view bytes) {
    // First the old file goes, then the journal has the new origin, then the file comes: so a kill at any
    // moment leaves no file that the journal takes for another.
    std::error_code error;
    fs::remove(folder_ / name, error);
    const std::string line = fmt::format("\n{} {}\n", hash_text(origin), name);
    {
        const std::lock_guard lock(mutex_);
        if (::write(journal_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            fail(folder_, std::generic_category().message(errno));
    }
    write_file_atomically(folder_ / name, bytes);
}

}  // namespace kickdrum
