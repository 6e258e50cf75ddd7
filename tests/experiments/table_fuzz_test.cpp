// SPDX-License-Identifier: MIT
// Damaged tables: rows or a UserError, whatever stands in them. For longer: KICKDRUM_FUZZ_SECONDS=600
#include <gtest/gtest.h>

#include "experiments/data/clip_time.h"
#include "experiments/data/group_pattern.h"
#include "experiments/data/labels.h"
#include "experiments/data/output_folder.h"
#include "experiments/data/track_rows.h"
#include "experiments/files.h"
#include "experiments/runs/csv.h"
#include "tests/support/mutations.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

const std::vector<std::string> kTables{
    "sample_id,spot_id,clip_start,a,b\nx,t,0:01,1,0\ny,t,1:02:03,0,1\nz,u,3.5,0,0\n",
    "\xEF\xBB\xBFsample_id,spot_id,clip_start,end,a,b\r\n\"x, "
    "\"\"y\"\"\",t,0:01,0:09,1,0\r\ny,t,0:05,,0,1\r\n",
    "sample_id,spot_id,clip_start,filename,a,b\nx,t,0:01,a/b.wav,1,0\ny,u,0:01,c.wav,0,1\n"};
const std::vector<std::string_view> kWords{",",           "\n",   "\"",       "\r\n",       "\"\"", "../",
                                           "/etc/passwd", ":",    "0:0",      "-1",         "1e99", "nan",
                                           "x,t,1",       "\xFF", "\xC3\x28", "9999999999", ";",    "\t"};

TEST(TableFuzz, RowsOrUserErrors) {
    const TemporaryFolder folder;
    const std::string file = folder / "table.csv";
    const GroupPattern pattern("(.*)_[0-9]+");
    int read = 0;
    fuzz(1500, [&](std::uint64_t number) {
        Mutations mutations(2, number);
        const std::string text = mutations.damaged(kTables, kWords);
        for (const CsvRow& row : parse_csv(text)) {
            ASSERT_EQ(row.fields.size(), row.at.size()) << number;
            for (const auto& field : row.fields) {
                static_cast<void>(parse_clip_time(field));
                static_cast<void>(pattern.group_of(field));
                static_cast<void>(reason_against_file_name(field));
            }
        }
        write_file_atomically(file, text);
        DataConfig data;
        data.labels = file;
        try {
            const TrackRows rows = read_track_rows(data, {}, 8);
            ++read;
            for (const TrackClip& clip : rows.clips) {
                ASSERT_EQ(reason_against_file_name(clip.id), "") << number;
                ASSERT_GT(clip.end, clip.start) << number;
            }
        } catch (const UserError& error) {
            ASSERT_EQ(error.code(), ExitCode::data) << number;
        }
        data.classes = {"a", "b"};
        try {
            for (const Clip& clip : read_labels(data).clips) ASSERT_LT(clip.label, 2) << number;
        } catch (const UserError& error) {
            ASSERT_EQ(error.code(), ExitCode::data) << number;
        }
    });
    EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace kickdrum
