// SPDX-License-Identifier: MIT
// Ensembles: the mean of the members' results, and the file that names them.
#include <gmock/gmock.h>

#include <cmath>

#include "experiments/ensembles/average.h"
#include "experiments/ensembles/ensemble_file.h"
#include "tests/support/experiment_files.h"
#include "tests/support/synthetic_results.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Two members that guess differently: the second one's probabilities are the first one's, shifted by a class
// on every second clip.
std::vector<Member> two_members() {
    std::vector<Member> members{{"one", synthetic_results(2, 2)}, {"two", synthetic_results(2, 2)}};
    for (RunResult& run : members[1].results.runs) {
        for (PartResult* part : {&run.train, &run.val, &run.test}) {
            for (std::size_t i = 0; i < part->predictions.size(); i += 2) {
                auto& p = part->predictions[i].probabilities;
                std::rotate(p.begin(), p.begin() + 1, p.end());
            }
        }
        run.seconds["total"] = 5;
    }
    for (RunResult& run : members[0].results.runs) run.seconds["total"] = 3;
    return members;
}

std::string refusal(const std::vector<Member>& members) {
    try {
        average_members(members, "both");
    } catch (const UserError& error) {
        return error.what();
    }
    return "nothing was refused";
}

TEST(Ensemble, IsTheMeanOfTheProbabilities) {
    const auto members = two_members();
    const Results both = average_members(members, "both");
    ASSERT_EQ(both.runs.size(), members[0].results.runs.size());
    EXPECT_EQ(both.study.name, "both");
    EXPECT_THAT(both.study.model, HasSubstr("one, two"));
    for (std::size_t r = 0; r < both.runs.size(); ++r) {
        const auto& a = members[0].results.runs[r].test.predictions;
        const auto& b = members[1].results.runs[r].test.predictions;
        const PartResult& test = both.runs[r].test;
        ASSERT_EQ(test.predictions.size(), a.size());
        double loss = 0;
        double right = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            std::vector<double> mean;
            for (std::size_t c = 0; c < a[i].probabilities.size(); ++c) {
                mean.push_back((static_cast<double>(a[i].probabilities[c]) +
                                static_cast<double>(b[i].probabilities[c])) /
                               2);
                EXPECT_NEAR(static_cast<double>(test.predictions[i].probabilities[c]), mean[c], 1e-7);
            }
            const auto best = static_cast<int>(std::max_element(mean.begin(), mean.end()) - mean.begin());
            EXPECT_EQ(test.predictions[i].predicted, best);
            loss -= std::log(mean[static_cast<std::size_t>(a[i].label)]);
            right += best == a[i].label ? 1 : 0;
        }
        const auto n = static_cast<double>(a.size());
        EXPECT_NEAR(test.loss, loss / n, 1e-5);
        EXPECT_DOUBLE_EQ(test.scores.accuracy, right / n);
        EXPECT_EQ(both.runs[r].seconds.at("total"), 8);
        EXPECT_EQ(both.runs[r].seed, members[0].results.runs[r].seed);
    }
}

TEST(Ensemble, NamesTheMemberThatDoesNotFit) {
    auto members = two_members();
    members[1].results.study.classes.back() = "another";
    EXPECT_THAT(refusal(members), AllOf(HasSubstr("classes"), HasSubstr("'two'"), HasSubstr("another")));

    members = two_members();
    members[1].results.study.split_seeds.back() += 1;
    EXPECT_THAT(refusal(members), AllOf(HasSubstr("split seeds"), HasSubstr("'two'")));

    members = two_members();
    members[1].results.runs[1].test.predictions[3].sample_id = "elsewhere";
    EXPECT_THAT(refusal(members), AllOf(HasSubstr("run 2"), HasSubstr("test part of 'two'")));

    members = two_members();
    members[1].results.runs.pop_back();
    members[1].results.status = StudyStatus::failed;
    EXPECT_THAT(refusal(members),
                AllOf(HasSubstr("'two' isn't finished: 1 of its 2 runs"), HasSubstr("failed")));

    members.pop_back();
    EXPECT_THAT(refusal(members), HasSubstr("two or more"));
}

class EnsembleFile : public ExperimentFileTest {
 protected:
    void SetUp() override {
        ExperimentFileTest::SetUp();
        std::ofstream(folder_ / "small.yaml") << kMinimal;
    }
    std::string mistake(const std::string& text) {
        try {
            read_ensemble(write(text), {});
        } catch (const UserError& error) {
            return error.what();
        }
        return "nothing was wrong";
    }
};

TEST_F(EnsembleFile, MembersAreTheBaseWithChanges) {
    const EnsemblePlan plan = read_ensemble(write("ensemble: both\n"
                                                  "base: small.yaml\n"
                                                  "members:\n"
                                                  "  - plain\n"
                                                  "  - \"other seed\": {seed: 7, training.epochs: 3}\n"),
                                            {"training.batch_size=8"});
    EXPECT_TRUE(is_ensemble_file(file()));
    EXPECT_FALSE(is_ensemble_file(folder_ / "small.yaml"));
    EXPECT_EQ(plan.name, "both");
    ASSERT_EQ(plan.members.size(), 2U);
    EXPECT_EQ(plan.members[1].folder, "other-seed");
    EXPECT_EQ(plan.members[1].config.seed, 7U);
    EXPECT_EQ(plan.members[1].config.training.epochs, 3);
    EXPECT_EQ(plan.members[0].config.training.epochs, 50);
    EXPECT_EQ(plan.members[0].config.training.batch_size, 8);
}

TEST_F(EnsembleFile, MistakesAreNamedWithTheirPlace) {
    const std::string begin = "ensemble: both\nbase: small.yaml\nmembers:\n  - plain\n";
    EXPECT_THAT(mistake(begin), HasSubstr("two or more"));
    EXPECT_THAT(mistake(begin + "  - plain\n"),
                AllOf(HasSubstr(":5:"), HasSubstr("two members are called 'plain'")));
    EXPECT_THAT(mistake(begin + "  - other: {training.epochs: none}\n"), HasSubstr(":5:"));
    EXPECT_THAT(mistake(begin + "  - other: {data.classes: [snare, kick]}\n"),
                AllOf(HasSubstr(":5:"), HasSubstr("'data.classes'"), HasSubstr("'plain' has kick, snare"),
                      HasSubstr("'other' has snare, kick")));
    EXPECT_THAT(mistake(begin + "  - other: {split.seed: 43}\n"), HasSubstr("'split.seeds'"));
    EXPECT_THAT(mistake(begin + "  - other: {runs: 3}\n"), HasSubstr("'runs'"));
    EXPECT_THAT(mistake(begin + "  - other: {}\nmember: 3\n"),
                AllOf(HasSubstr("unknown key 'member'"), HasSubstr("did you mean 'members'")));
    EXPECT_THAT(mistake("ensemble: both\nmembers: [{a: {base: small.yaml}}, {b: {}}]\n"),
                HasSubstr("member 'b' has no 'base'"));
}

}  // namespace
}  // namespace kickdrum
