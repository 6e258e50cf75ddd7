// SPDX-License-Identifier: MIT
// Reference values: scikit-learn 1.9.1, precision_recall_fscore_support, f1_score, accuracy_score and
// confusion_matrix with labels=[0, 1, 2, 3, 4] and zero_division=0.
#include "nn/metrics/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace kickdrum {
namespace {

using testing::ElementsAre;

const std::vector<int> kLabels = {0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 0, 1, 2, 2, 0, 3, 1, 2, 2};
const std::vector<int> kPredicted = {0, 1, 0, 1, 2, 2, 2, 0, 2, 0, 2, 0, 1, 2, 1, 0, 2, 1, 2, 2};

// Class 3 is never predicted, class 4 doesn't occur at all.
TEST(Classification, MatchesScikitLearn) {
    const Classification result = classify(kLabels, kPredicted, 5);
    EXPECT_DOUBLE_EQ(result.accuracy, 0.65);
    EXPECT_DOUBLE_EQ(result.weighted_f1, 0.5975044563279857);
    EXPECT_DOUBLE_EQ(result.macro_f1, 0.41996434937611415);
    ASSERT_EQ(result.per_class.size(), 5U);
    const double precision[] = {2.0 / 3, 0.6, 2.0 / 3, 0, 0};
    const double recall[] = {0.8, 0.75, 0.75, 0, 0};
    const double f1[] = {0.7272727272727273, 2.0 / 3, 0.7058823529411765, 0, 0};
    const std::int64_t support[] = {5, 4, 8, 3, 0};
    for (std::size_t k = 0; k < 5; ++k) {
        EXPECT_DOUBLE_EQ(result.per_class[k].precision, precision[k]) << "class " << k;
        EXPECT_DOUBLE_EQ(result.per_class[k].recall, recall[k]) << "class " << k;
        EXPECT_DOUBLE_EQ(result.per_class[k].f1, f1[k]) << "class " << k;
        EXPECT_EQ(result.per_class[k].support, support[k]) << "class " << k;
    }
    EXPECT_THAT(result.confusion, ElementsAre(ElementsAre(4, 1, 0, 0, 0), ElementsAre(0, 3, 1, 0, 0),
                                              ElementsAre(1, 1, 6, 0, 0), ElementsAre(1, 0, 2, 0, 0),
                                              ElementsAre(0, 0, 0, 0, 0)));
}

TEST(Classification, PerfectAndEmpty) {
    const std::vector<int> labels = {0, 1, 2, 1};
    const Classification perfect = classify(labels, labels, 3);
    EXPECT_EQ(perfect.accuracy, 1);
    EXPECT_EQ(perfect.weighted_f1, 1);
    EXPECT_EQ(perfect.macro_f1, 1);
    const Classification empty = classify({}, {}, 2);
    EXPECT_EQ(empty.accuracy, 0);
    EXPECT_EQ(empty.weighted_f1, 0);
    EXPECT_EQ(empty.per_class.size(), 2U);
}

TEST(Classification, RejectsWhatIsNoClass) {
    const std::vector<int> two = {0, 1};
    const std::vector<int> outside = {0, 2};
    const std::vector<int> negative = {-1, 0};
    const std::vector<int> one = {0};
    EXPECT_THROW(classify(two, outside, 2), std::invalid_argument);
    EXPECT_THROW(classify(negative, two, 2), std::invalid_argument);
    EXPECT_THROW(classify(two, one, 2), std::invalid_argument);
    EXPECT_THROW(classify({}, {}, 0), std::invalid_argument);
}

TEST(Argmax, TakesTheFirstOfEquals) {
    EXPECT_EQ(argmax(std::vector<float>{0.1F, 0.4F, 0.4F, 0.1F}), 1);
    EXPECT_EQ(argmax(std::vector<float>{-3, -2, -1}), 2);
    EXPECT_EQ(argmax(std::vector<float>{5}), 0);
    EXPECT_EQ(argmax({}), 0);
}

// Worked by hand.
TEST(ClassifySets, CountsEachClassByItself) {
    const std::vector<std::uint8_t> labels = {1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0};
    const std::vector<std::uint8_t> predicted = {1, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0};
    const Classification scores = classify_sets(labels, predicted, 3);
    EXPECT_TRUE(scores.sets);
    EXPECT_TRUE(scores.confusion.empty());
    EXPECT_DOUBLE_EQ(scores.accuracy, 0.25);
    EXPECT_NEAR(scores.samples_f1, (2.0 / 3 + 2.0 / 3 + 1 + 0) / 4, 1e-15);
    EXPECT_NEAR(scores.micro_f1, 8.0 / 11, 1e-15);
    EXPECT_NEAR(scores.macro_f1, (0.8 + 1 + 0) / 3, 1e-15);
    EXPECT_NEAR(scores.weighted_f1, (2 * 0.8 + 2 * 1.0 + 1 * 0.0) / 5, 1e-15);
    EXPECT_NEAR(scores.per_class[0].precision, 2.0 / 3, 1e-15);
    EXPECT_EQ(scores.per_class[0].recall, 1);
    EXPECT_EQ(scores.per_class[2].support, 1);
}

TEST(ClassifySets, RefusesWhatDoesNotFit) {
    const std::vector<std::uint8_t> three = {1, 0, 1};
    EXPECT_THROW(classify_sets(three, three, 2), std::invalid_argument);
    EXPECT_THROW(classify_sets(three, {three.data(), 2}, 1), std::invalid_argument);
    EXPECT_THROW(classify_sets(three, three, 0), std::invalid_argument);
    EXPECT_EQ(classify_sets({}, {}, 2).samples_f1, 0);
}

}  // namespace
}  // namespace kickdrum
