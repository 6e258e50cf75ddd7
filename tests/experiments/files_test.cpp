// SPDX-License-Identifier: MIT
#include "experiments/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "experiments/diagnostics.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

// The message of the error that writing there throws; empty: none was.
std::string failure_of_writing(const fs::path& file, std::string_view bytes) {
    try {
        write_file_atomically(file, bytes);
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::failed);
        return error.what();
    }
    return {};
}

TEST(Files, WriteAndReadBackAnyBytes) {
    const TemporaryFolder folder;
    std::string bytes(300'000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 % 256);
    write_file_atomically(folder / "a.bin", bytes);
    EXPECT_EQ(read_file(folder / "a.bin"), bytes);
    write_file_atomically(folder / "a.bin", "");
    EXPECT_EQ(read_file(folder / "a.bin"), "");
    EXPECT_THAT(names_in(folder.path()), ElementsAre("a.bin"));
}

// A reader in another thread sees one of the two texts, whole, whenever it looks.
TEST(Files, ReadersSeeTheOldOrTheNewFile) {
    const TemporaryFolder folder;
    const std::string texts[] = {std::string(200'000, 'a'), std::string(150'000, 'b')};
    write_file_atomically(folder / "f", texts[0]);
    std::atomic<bool> stop{false};
    std::atomic<int> torn{0};
    std::thread reader([&] {
        while (!stop) {
            const std::string seen = read_file(folder / "f");
            if (seen != texts[0] && seen != texts[1]) ++torn;
        }
    });
    for (int i = 0; i < 100; ++i) write_file_atomically(folder / "f", texts[i % 2]);
    stop = true;
    reader.join();
    EXPECT_EQ(torn, 0);
}

TEST(Files, SeveralThreadsMayWriteOneFile) {
    const TemporaryFolder folder;
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 4; ++writer) {
        writers.emplace_back([&, writer] {
            for (int i = 0; i < 25; ++i)
                write_file_atomically(folder / "f", std::string(5000, static_cast<char>('a' + writer)));
        });
    }
    for (auto& writer : writers) writer.join();
    const std::string seen = read_file(folder / "f");
    EXPECT_EQ(seen, std::string(5000, seen.front()));
    EXPECT_THAT(names_in(folder.path()), ElementsAre("f"));
}

TEST(Files, AMissingFileIsNamed) {
    const TemporaryFolder folder;
    try {
        (void)read_file(folder / "absent.csv");
        FAIL() << "no error";
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::failed);
        EXPECT_THAT(error.what(), HasSubstr("absent.csv"));
        EXPECT_THAT(error.what(), HasSubstr("No such file"));
    }
}

TEST(Files, AFolderIsNoFile) {
    const TemporaryFolder folder;
    EXPECT_THROW((void)read_file(folder.path()), UserError);
    fs::create_directory(folder / "taken");
    EXPECT_THAT(failure_of_writing(folder / "taken", "x"), HasSubstr("taken"));
    EXPECT_THAT(names_in(folder.path()), ElementsAre("taken")) << "the temporary file was left";
}

TEST(Files, AMissingFolderIsAnError) {
    const TemporaryFolder folder;
    EXPECT_THAT(failure_of_writing(folder / "absent/f", "x"), HasSubstr("absent/f"));
}

TEST(Files, SaysWhatToDoAboutPermissions) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    const TemporaryFolder folder;
    fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_THAT(failure_of_writing(folder / "f", "x"), HasSubstr("permissions"));
    fs::permissions(folder.path(), fs::perms::owner_all);
}

// A limit on the size of files cuts writing off midway, as a full disk does.
TEST(Files, AFailureMidwayLeavesTheOldFileAndNothingElse) {
    const TemporaryFolder folder;
    write_file_atomically(folder / "f", "old");
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 4096;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string message = failure_of_writing(folder / "f", std::string(100'000, 'x'));
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old_action);
    EXPECT_THAT(message, HasSubstr("can't write"));
    EXPECT_EQ(read_file(folder / "f"), "old");
    EXPECT_THAT(names_in(folder.path()), ElementsAre("f"));
}

TEST(Files, SaysWhatToDoAboutAFullDisk) {
    const TemporaryFolder folder;
    if (::mount("none", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
        GTEST_SKIP() << "no small file system can be mounted here";
    }
    write_file_atomically(folder / "f", "old");
    const std::string message = failure_of_writing(folder / "f", std::string(200'000, 'x'));
    const std::string kept = read_file(folder / "f");
    const auto names = names_in(folder.path());
    ::umount(folder.path().c_str());
    EXPECT_THAT(message, HasSubstr("make room"));
    EXPECT_EQ(kept, "old");
    EXPECT_THAT(names, ElementsAre("f"));
}

}  // namespace
}  // namespace kickdrum
