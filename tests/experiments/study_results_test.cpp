// SPDX-License-Identifier: MIT
// Variants beside each other: pairing, tables, and the report.
#include "experiments/studies/study_results.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "experiments/files.h"
#include "experiments/report/findings.h"
#include "experiments/report/html_report.h"
#include "experiments/report/html_study.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The same runs, with every third test prediction of run r, from clip r on, put right: a better network.
Results better(Results results, int worse_run = 0) {
    const int classes = static_cast<int>(results.study.classes.size());
    for (auto& run : results.runs) {
        for (PartResult* part : {&run.val, &run.test}) {
            std::vector<int> labels;
            std::vector<int> predicted;
            for (std::size_t i = 0; i < part->predictions.size(); ++i) {
                Prediction& one = part->predictions[i];
                if (i % 7 == static_cast<std::size_t>(run.run) % 7)
                    one.predicted = run.run == worse_run ? (one.label + 1) % classes : one.label;
                labels.push_back(one.label);
                predicted.push_back(one.predicted);
            }
            part->scores = classify(labels, predicted, classes);
        }
    }
    results.study.name = "better";
    return results;
}

StudyResults study_of(std::vector<Results> all) {
    StudyResults study;
    study.name = "a study";
    for (auto& results : all) {
        VariantResults& variant = study.variants.emplace_back();
        variant.name = results.study.name;
        variant.status = VariantStatus::done;
        variant.results = std::move(results);
    }
    compare_variants(study);
    return study;
}

TEST(StudyResults, PairsRunsOfEqualSeedAndSplit) {
    const Results first = synthetic_results(5, 5);
    const StudyResults study = study_of({first, better(first)});
    ASSERT_TRUE(study.variants[1].against_first);
    const PairedComparison& comparison = *study.variants[1].against_first;
    EXPECT_EQ(comparison.pairing.runs.size(), 5U);
    ASSERT_EQ(comparison.metrics.size(), 2U);
    const MetricDifference& test = comparison.metrics[1];
    EXPECT_EQ(test.metric, "test.weighted_f1");
    double sum = 0;
    for (std::size_t i = 0; i < 5; ++i) {
        const double d = study.variants[1].results.runs[i].test.scores.weighted_f1 -
                         study.variants[0].results.runs[i].test.scores.weighted_f1;
        EXPECT_DOUBLE_EQ(test.differences[i], d);
        EXPECT_GT(d, 0);
        sum += d;
    }
    EXPECT_NEAR(test.description.mean, sum / 5, 1e-12);
    EXPECT_EQ(*test.sign_flip.p, 0.0625);
    EXPECT_EQ(*test.holm_p, 0.0625);
    EXPECT_EQ(test.superiority, 1);
    ASSERT_TRUE(test.test_set);
    EXPECT_NEAR(test.test_set->estimate, sum / 5, 1e-12);
    EXPECT_GT(test.test_set->ci95.low, 0);
    EXPECT_THAT(verdict(test),
                HasSubstr("Better on average, and in 5 of 5 pairs: chance in training may be all there is"));
    EXPECT_THAT(power_statement(test), HasSubstr("can't go below p = 0.0625: it takes at least 6"));
}

TEST(StudyResults, SaysWhatCanNotBePaired) {
    const Results first = synthetic_results(3, 3);
    const auto why = [&](const Results& other) {
        return study_of({first, other}).variants[1].against_first->pairing.why_not;
    };
    EXPECT_THAT(why(synthetic_results(3, 3, {43})), HasSubstr("tested on other clips"));
    EXPECT_THAT(why(synthetic_results(3, 3, {42}, {"a", "b", "c", "d", "e"})), HasSubstr("other classes"));
    Results seeds = first;
    for (auto& run : seeds.runs) ++run.seed;
    EXPECT_THAT(why(seeds), HasSubstr("their seeds differ"));
    Results split = first;
    for (auto& row : split.splits[0].rows) {
        if (row.part == Part::val) row.part = Part::train;
    }
    EXPECT_THAT(why(split), HasSubstr("another split"));
    Results unknown = first;
    unknown.splits[0].rows.clear();
    EXPECT_THAT(why(unknown), HasSubstr("isn't known"));
    // Only the runs that both have.
    EXPECT_EQ(
        study_of({first, better(synthetic_results(3, 2))}).variants[1].against_first->pairing.runs.size(),
        2U);
}

TEST(StudyResults, SplitsThatVaryAreAllowedFor) {
    const Results first = synthetic_results(4, 4, {1, 2, 1, 2});
    const StudyResults study = study_of({first, better(first)});
    const MetricDifference& test = study.variants[1].against_first->metrics[1];
    EXPECT_TRUE(study.variants[1].against_first->pairing.splits_vary);
    EXPECT_THAT(std::string(test.t.method), HasSubstr("Nadeau"));
    EXPECT_FALSE(test.test_set);
    const auto parts = variance_of(first, "test.weighted_f1");
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->splits, 2);
    EXPECT_EQ(parts->runs, 4);
    EXPECT_FALSE(variance_of(synthetic_results(3, 3), "test.weighted_f1"));
}

TEST(StudyResults, EqualRunsAndSingleRunsHaveNoTest) {
    const Results one = synthetic_results(1, 1);
    const Results three = synthetic_results(3, 3);
    for (const StudyResults& study : {study_of({one, better(one)}), study_of({three, three})}) {
        for (const std::string& text : {study_markdown(study), study_latex(study), study_text(study),
                                        study_runs_csv(study), html_study(study)}) {
            EXPECT_THAT(text, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf,"))));
        }
        EXPECT_FALSE(study.variants[1].against_first->metrics[1].t.p);
        const json document = json::parse(study_json(study));
        EXPECT_TRUE(document.at("variants")[1]
                        .at("against_first")
                        .at("metrics")
                        .at("test.weighted_f1")
                        .at("holm_p")
                        .is_null() ||
                    document.at("variants")[1].at("runs") == 3);
    }
}

TEST(StudyResults, JsonAndCsvHoldEveryNumber) {
    const Results first = synthetic_results(6, 6);
    StudyResults study = study_of({first, better(first)});
    VariantResults failed;
    failed.name = "broken";
    failed.status = VariantStatus::failed;
    failed.message = "no such layer";
    study.variants.push_back(failed);
    const json document = json::parse(study_json(study));
    EXPECT_EQ(document.at("compared_with"), "synthetic-main");
    ASSERT_EQ(document.at("variants").size(), 3U);
    const json& against = document.at("variants")[1].at("against_first").at("metrics").at("test.weighted_f1");
    EXPECT_EQ(against.at("n"), 6);
    EXPECT_EQ(against.at("values").size(), 6U);
    EXPECT_EQ(against.at("sign_flip").at("p"), 0.03125);
    EXPECT_THAT(against.at("sign_flip").at("method").get<std::string>(), HasSubstr("exact"));
    EXPECT_EQ(document.at("variants")[2].at("message"), "no such layer");
    const std::string csv = study_runs_csv(study);
    EXPECT_EQ(std::ranges::count(csv, '\n'), 13);
    EXPECT_THAT(study_markdown(study), HasSubstr("broken: failed: no such layer"));
    EXPECT_THAT(study_latex(study),
                AllOf(HasSubstr("\\toprule"), HasSubstr("\\bottomrule"), HasSubstr("$\\pm$")));
    // The better one first: by validation.
    EXPECT_EQ(by_validation(study).front()->name, "better");
}

TEST(StudyReport, TwentyRunsOfSixVariantsFit) {
    const Results first = synthetic_results(20, 20);
    std::vector<Results> all{first};
    for (int i = 1; i < 6; ++i) {
        all.push_back(better(first, i));
        all.back().study.name = "<variant & " + std::to_string(i) + ">";
    }
    const std::string html = html_study(study_of(std::move(all)));
    EXPECT_LE(html.size(), 3'000'000U);
    EXPECT_THAT(
        html, AllOf(HasSubstr("</html>"), HasSubstr("&lt;variant &amp; 3&gt;"), Not(HasSubstr("<variant"))));
    for (const auto* id :
         {"id=\"variants\"", "id=\"tests\"", "id=\"curves\"", "id=\"each\"", "id=\"data\""}) {
        const auto at = html.find(id);
        ASSERT_NE(at, std::string::npos) << id;
        EXPECT_EQ(html.find(id, at + 1), std::string::npos) << id;
    }
}

TEST(StudyReport, PlaysTheClipsThatAreAtHand) {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "my clips");
    std::filesystem::create_directories(folder / "results");
    Results results = synthetic_results(2, 2);
    results.folder = folder / "results";
    EXPECT_THAT(html_report(results), Not(HasSubstr("<audio")));
    results.resolved_yaml = "data: {audio: '" + (folder / "my clips").string() + "'}\n";
    const std::string wrong = most_often_wrong(results, 1).front().id;
    write_file_atomically(folder / "my clips" / (wrong + ".flac"), "sound");
    const std::string html = html_report(results);
    EXPECT_THAT(html, HasSubstr("<audio controls preload=\"none\" src=\"../my%20clips/" + wrong + ".flac\""));
    // Only that one is there.
    EXPECT_EQ(html.find("<audio", html.find("<audio") + 1), std::string::npos);
}

}  // namespace
}  // namespace kickdrum
