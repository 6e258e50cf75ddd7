// SPDX-License-Identifier: MIT
#include "experiments/data/audio_files.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;

class AudioFiles : public testing::Test {
 protected:
    fs::path put(const fs::path& name) const {
        fs::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name) << "x";
        return folder_ / name;
    }

    TemporaryFolder folder_;
};

TEST_F(AudioFiles, InFoldersAndWithAnyName) {
    const auto plain = put("kick.wav");
    const auto loud = put("LOUD.MP3");
    const auto deep = put("a b/Ünter/clip 1.Flac");
    put("notes.txt");
    put(".hidden/secret.wav");
    Problems problems;
    const auto files = audio_files(folder_.path(), problems);
    EXPECT_TRUE(problems.empty());
    EXPECT_THAT(files, testing::UnorderedElementsAre(testing::Pair("kick", testing::ElementsAre(plain)),
                                                     testing::Pair("LOUD", testing::ElementsAre(loud)),
                                                     testing::Pair("clip 1", testing::ElementsAre(deep))));
}

TEST_F(AudioFiles, TheSameNameTwice) {
    const auto first = put("a/kick.wav");
    const auto second = put("b/kick.mp3");
    Problems problems;
    EXPECT_THAT(audio_files(folder_.path(), problems).at("kick"), testing::ElementsAre(first, second));
}

TEST_F(AudioFiles, LinksThatLeadBackAreFollowedOnce) {
    put("a/kick.wav");
    fs::create_directory_symlink(folder_.path(), folder_ / "a/back");
    fs::create_directory_symlink(folder_ / "a/loop", folder_ / "a/loop");
    fs::create_symlink("nowhere", folder_ / "nothing.wav");
    fs::create_directories(folder_ / "folder.wav");
    Problems problems;
    const auto files = audio_files(folder_.path(), problems);
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files.at("kick").size(), 1U);
    EXPECT_TRUE(problems.empty());
}

TEST_F(AudioFiles, AFolderThatIsNotThere) {
    Problems problems;
    EXPECT_TRUE(audio_files(folder_ / "none", problems).empty());
    EXPECT_FALSE(problems.empty());
}

}  // namespace
}  // namespace kickdrum
