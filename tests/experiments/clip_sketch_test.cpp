// SPDX-License-Identifier: MIT
// The clips most often wrong: where their audio is found, and their pictures in the report.
#include "experiments/report/clip_sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "experiments/report/clip_audio.h"
#include "experiments/report/findings.h"
#include "experiments/report/html_report.h"
#include "tests/support/audio_files.h"
#include "tests/support/synthetic_results.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ClipSketch, ShowsTheClipsThatAreAtHand) {
    const TemporaryFolder folder;
    Results results = synthetic_results(2, 2);
    results.folder = folder.path();
    results.resolved_yaml = "data: {audio: '" + folder.path().string() + "'}\n";
    const std::string wrong = most_often_wrong(results, 1).front().id;
    std::vector<float> sound;
    for (int i = 0; i < 8000; ++i) sound.push_back(0.5F * std::sin(0.2F * static_cast<float>(i)));
    ASSERT_TRUE(write_audio(folder / (wrong + ".wav"), sound, 8000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16));
    const std::string html = html_report(results);
    EXPECT_THAT(html, HasSubstr("<img src=\"data:image/png;base64,iVBORw0KGgo"));
    EXPECT_THAT(html, HasSubstr("alt=\"Mel spectrogram of " + wrong));
    results.status = StudyStatus::running;
    EXPECT_THAT(html_report(results), Not(HasSubstr("<img")));
}

// A file below a folder within, named by a column; the table says which.
TEST(ClipAudio, FindsClipsAsTheExperimentDoes) {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "audio/deep er");
    write_bytes(folder / "audio/deep er/x.OGG", "sound");
    write_bytes(folder / "labels.csv", "sample_id,spot_id,a,b,file\nc1,1,1,0,deep er/x.OGG\nc2,2,0,1,y\n");
    Results results;
    results.folder = folder.path();
    results.resolved_yaml =
        "data: {labels: labels.csv, audio: audio, classes: [a, b], filename: file}\n"
        "model: [flatten, {dense: {units: classes, activation: softmax}}]\n";
    results.resolved_yaml.replace(results.resolved_yaml.find("audio: audio"), 12,
                                  "audio: '" + (folder / "audio").string() + "'");
    write_bytes(folder / "resolved.yaml", results.resolved_yaml);
    const ClipAudio audio(results, folder.path());
    EXPECT_EQ(audio.file("c1"), folder / "audio/deep er/x.OGG");
    EXPECT_EQ(audio.link("c1"), "audio/deep%20er/x.OGG");
    EXPECT_EQ(audio.link("c2"), "");
}

TEST(ClipSketch, Base64IsThatOfTheStandard) {
    const std::vector<std::pair<std::string, std::string>> pairs = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : pairs) EXPECT_EQ(base64(bytes), text);
}

}  // namespace
}  // namespace kickdrum
