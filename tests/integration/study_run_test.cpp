// SPDX-License-Identifier: MIT
// Studies, as a user runs them.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kStudy = R"(study: filters
base: experiment.yaml
runs: 2
variants:
  - base
  - more: {model.0.conv2d.filters: 6}
  - wider: {model.0.conv2d.kernel: 5}
)";

class StudyRun : public testing::Test {
 protected:
    StudyRun() { write_text(study_ / "study.yaml", kStudy); }
    json summary() const { return json::parse(text_of(study_ / "results/filters/summary.json")); }
    TinyStudy study_;
};

TEST_F(StudyRun, EveryVariantOnTheSameSeedsAndSplit) {
    const Outcome outcome = study_({"run", "study.yaml"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("more: 2 runs, about"), HasSubstr("left for"),
                                   HasSubstr("Report: results/filters/report.html"), HasSubstr("p (Holm)")));
    for (const auto* file :
         {"report.html", "summary.md", "summary.tex", "runs.csv", "study.json", "plan/more.yaml",
          "variants/wider/report.html", "variants/wider/runs/02/model.safetensors"}) {
        EXPECT_TRUE(fs::exists(study_ / "results/filters" / file)) << file;
    }
    const json document = summary();
    ASSERT_EQ(document.at("variants").size(), 3U);
    EXPECT_EQ(document.at("variants")[1].at("against_first").at("pairs"), 2);
    EXPECT_EQ(text_of(study_ / "results/filters/variants/base/split.csv"),
              text_of(study_ / "results/filters/variants/more/split.csv"));
    // A variant is what the experiment by itself gives.
    const Outcome alone =
        study_({"run", "experiment.yaml", "--set", "model.0.conv2d.filters=6", "--out", "alone"});
    EXPECT_EQ(alone.code, 0) << alone.err;
    EXPECT_EQ(text_of(study_ / "alone/runs/02/predictions_test.csv"),
              text_of(study_ / "results/filters/variants/more/runs/02/predictions_test.csv"));

    const Outcome again = study_({"run", "study.yaml"});
    EXPECT_EQ(again.code, 2);
    EXPECT_THAT(again.err, AllOf(HasSubstr("kickdrum resume"), HasSubstr("--force")));
    const Outcome report = study_({"report", "results/filters", "--json"});
    EXPECT_EQ(report.code, 0) << report.err;
    EXPECT_EQ(json::parse(report.out), document);
}

TEST_F(StudyRun, AnEnsembleOfVariantsIsTheirMean) {
    write_text(study_ / "study.yaml", std::string(kStudy) + "  - both: {ensemble: [base, more]}\n");
    const Outcome outcome = study_({"run", "study.yaml"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("both: the mean of base, more"));
    const json document = summary();
    ASSERT_EQ(document.at("variants").size(), 4U);
    EXPECT_EQ(document.at("variants")[3].at("status"), "done");
    EXPECT_EQ(document.at("variants")[3].at("against_first").at("pairs"), 2);
    EXPECT_TRUE(fs::exists(study_ / "results/filters/variants/both/runs/02/ensemble.json"));
    const Outcome resumed = study_({"resume", "results/filters"});
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(summary(), document);
}

TEST_F(StudyRun, AFailedVariantIsReportedAndTheRestGoesOn) {
    // Another table for one of them, which has a clip without audio.
    write_text(study_ / "short.csv", study_.labels() + "nowhere,track99,low\n");
    study_.edit("study.yaml", "  - wider: {model.0.conv2d.kernel: 5}",
                "  - broken: {data.labels: short.csv}");
    study_.edit("study.yaml", "  - more: {model.0.conv2d.filters: 6}", "");
    write_text(study_ / "study.yaml",
               text_of(study_ / "study.yaml") + "  - more: {model.0.conv2d.filters: 6}\n");
    const Outcome outcome = study_({"run", "study.yaml"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("broken failed: clip 'nowhere'"), HasSubstr("more")));
    const json document = summary();
    EXPECT_EQ(document.at("status"), "failed");
    EXPECT_EQ(document.at("variants")[1].at("status"), "failed");
    EXPECT_EQ(document.at("variants")[2].at("status"), "done");
    EXPECT_THAT(text_of(study_ / "results/filters/report.html"), HasSubstr("broken failed"));
    // Mended, it goes on with what failed.
    write_text(study_ / "short.csv", study_.labels());
    const Outcome resumed = study_({"resume", "results/filters"});
    EXPECT_EQ(resumed.code, 0) << resumed.out << resumed.err;
    EXPECT_EQ(summary().at("variants")[1].at("status"), "done");
}

TEST_F(StudyRun, KilledAndResumedItGivesTheSame) {
    const std::vector<std::string> run{"run", "study.yaml", "--set", "training.epochs=40"};
    std::vector<std::string> whole = run;
    whole.insert(whole.end(), {"--out", "whole"});
    ASSERT_EQ(study_(whole).code, 0);
    for (const auto* file : {"variants/base/runs/02/history.csv", "variants/more/runs/01/history.csv",
                             "variants/wider/runs/02/history.csv"}) {
        const bool first = !fs::exists(study_ / "results/filters");
        Call running(first ? run : std::vector<std::string>{"resume", "results/filters"}, study_.here());
        ASSERT_TRUE(running.wait_until([&] { return fs::exists(study_ / "results/filters" / file); }));
        running.signal(SIGKILL);
        running.wait();
    }
    const Outcome resumed = study_({"resume", "results/filters"});
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    for (const auto* variant : {"base", "more", "wider"}) {
        for (const auto* file :
             {"runs/01/model.safetensors", "runs/02/predictions_test.csv", "summary.json"}) {
            EXPECT_EQ(text_of(study_ / "results/filters/variants" / variant / file),
                      text_of(study_ / "whole/variants" / variant / file))
                << variant << ' ' << file;
        }
    }
    EXPECT_EQ(text_of(study_ / "results/filters/runs.csv"), text_of(study_ / "whole/runs.csv"));
}

TEST_F(StudyRun, HalvingKeepsTheBetterByValidation) {
    write_text(study_ / "study.yaml", std::string(kStudy) + "halving: {epochs: [1, 2], keep: 0.5}\n");
    const Outcome outcome = study_({"run", "study.yaml", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json document = json::parse(outcome.out);
    int done = 0;
    for (const auto& variant : document.at("variants")) {
        if (variant.at("status") == "done") {
            ++done;
            EXPECT_EQ(variant.at("runs"), 2);
        } else {
            EXPECT_EQ(variant.at("status"), "left out");
            EXPECT_THAT(variant.at("message").get<std::string>(), HasSubstr("of the halving"));
        }
    }
    EXPECT_EQ(done, 1);  // 3, 2, 1
    EXPECT_TRUE(fs::exists(study_ / "results/filters/rounds/2"));
}

TEST_F(StudyRun, AnExplosionAsksFirst) {
    study_.edit("study.yaml", "runs: 2", "runs: 60");
    const Outcome outcome = study_({"run", "study.yaml"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("3 variants and 180 runs, at most about"), HasSubstr("--yes")));
    EXPECT_FALSE(fs::exists(study_ / "results"));
}

TEST_F(StudyRun, CheckGoesThroughAllVariants) {
    const Outcome outcome = study_({"check", "study.yaml"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("wider: "), HasSubstr("3 variants, 6 runs, at most")));
    EXPECT_FALSE(fs::exists(study_ / "results"));
    const Outcome documents = study_({"check", "study.yaml", "--json"});
    EXPECT_EQ(json::parse(documents.out).size(), 3U);
    study_.edit("study.yaml", "model.0.conv2d.kernel: 5", "model.0.conv2d.kernels: 5");
    const Outcome wrong = study_({"check", "study.yaml"});
    EXPECT_EQ(wrong.code, 2);
    EXPECT_THAT(wrong.err, AllOf(HasSubstr("study.yaml:7:"), HasSubstr("did you mean 'kernel'?")));
}

}  // namespace
}  // namespace kickdrum
