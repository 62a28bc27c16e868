// Training of trees and support vector machines, by hand; what a premodel is made of; distances.
#include "learn/premodel/train_chooser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stop_token>

#include "base/hash.h"
#include "learn/premodel/distance_limit.h"
#include "learn/premodel/svm.h"
#include "learn/premodel/tree.h"
#include "support/expect_error.h"
#include "triage/error.h"

namespace triage {
namespace {

OwnedRows rows_of(std::vector<float> values, std::vector<std::uint8_t> labels, std::size_t d,
                  std::size_t n_classes) {
  return {std::move(values), std::move(labels), d, n_classes};
}

std::vector<std::size_t> answers_of(const Chooser& chooser, const OwnedRows& rows) {
  std::vector<std::size_t> answers;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    answers.push_back(choose(chooser, Question{rows.view().row(i), {}}));
  }
  return answers;
}

TEST(TrainTree, SplitsWhereTheImpurityFallsMost) {
  // Gini of the sides of 0.35: 0 and, of one in four, 0.375; every other threshold leaves more.
  const auto rows = rows_of({0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F}, {0, 0, 0, 1, 1, 0, 1}, 1, 2);
  const TreeChooser tree = train_tree(rows.view(), {1, 1});
  EXPECT_EQ(tree.feature, (std::vector<std::int32_t>{0, -1, -1}));
  EXPECT_FLOAT_EQ(tree.threshold[0], 0.35F);
  EXPECT_EQ(tree.label, (std::vector<std::uint8_t>{0, 0, 1}));
  // Deep enough, every row is told apart; parents come first, the left side before the right.
  const TreeChooser full = train_tree(rows.view(), {8, 1});
  EXPECT_EQ(full.left, (std::vector<std::int32_t>{1, -1, 3, -1, 5, -1, -1}));
  EXPECT_EQ(full.right, (std::vector<std::int32_t>{2, -1, 4, -1, 6, -1, -1}));
  EXPECT_EQ(answers_of(full, rows), (std::vector<std::size_t>{0, 0, 0, 1, 1, 0, 1}));
}

TEST(TrainTree, LeavesAreAsLargeAsAsked) {
  const auto rows = rows_of({0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F}, {1, 0, 0, 0, 0, 0}, 1, 2);
  EXPECT_FLOAT_EQ(train_tree(rows.view(), {8, 1}).threshold[0], 0.15F);
  EXPECT_FLOAT_EQ(train_tree(rows.view(), {1, 2}).threshold[0], 0.25F);
  EXPECT_EQ(train_tree(rows.view(), {8, 4}).feature, (std::vector<std::int32_t>{-1}));
}

TEST(TrainTree, StopsAtPureAndEqualRows) {
  EXPECT_EQ(train_tree(rows_of({0, 1, 2}, {1, 1, 1}, 1, 2).view(), {}).feature.size(), 1U);
  const TreeChooser equal = train_tree(rows_of({5, 5, 5}, {0, 1, 1}, 1, 2).view(), {});
  EXPECT_EQ(equal.feature.size(), 1U);
  EXPECT_EQ(equal.label[0], 1);
  EXPECT_EQ(train_tree(rows_of({5, 5}, {1, 0}, 1, 2).view(), {}).label[0], 0);  // a tie: the lower class
}

TEST(TrainTree, PrefersTheLowerOfEquallyGoodFeatures) {
  const auto rows = rows_of({0, 0, 0, 1, 1, 1}, {0, 0, 1}, 2, 2);  // rows (0,0), (0,1), (1,1)
  EXPECT_EQ(train_tree(rows.view(), {}).feature[0], 0);
}

// Every value of a feature lies on the side of a threshold on which training had it, however close they are.
TEST(TrainTree, ThresholdsPartNeighbouringFloats) {
  const float low = 1.0F, high = std::nextafter(std::nextafter(1.0F, 2.0F), 2.0F);
  const auto rows = rows_of({low, high}, {0, 1}, 1, 2);
  const TreeChooser tree = train_tree(rows.view(), {});
  ASSERT_EQ(tree.feature.size(), 3U);
  EXPECT_EQ(answers_of(tree, rows), (std::vector<std::size_t>{0, 1}));
}

TEST(SearchTreeOptions, AvoidsDepthWhereThereIsOnlyNoise) {
  Random random(4);
  OwnedRows rows{{}, {}, 3, 2};
  for (int i = 0; i < 1500; ++i) {
    for (int f = 0; f < 3; ++f) rows.values.push_back(static_cast<float>(random.uniform()));
    rows.labels.push_back(random.uniform() < 0.3 ? 1 : 0);
  }
  const TreeSearch noise = search_tree_options(rows.view(), 1);
  EXPECT_LE(noise.options.max_depth, 2);
  EXPECT_NEAR(noise.accuracy, 0.7, 0.03);
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    rows.labels[i] = (rows.values[3 * i] < 0.5F) == (rows.values[3 * i + 1] < 0.5F) ? 1 : 0;
  }
  const TreeSearch signal = search_tree_options(rows.view(), 1);
  EXPECT_GE(signal.options.max_depth, 2);
  EXPECT_GT(signal.accuracy, 0.95);
  EXPECT_TRUE(std::isnan(search_tree_options(rows_of({1, 2}, {0, 1}, 1, 2).view(), 1).accuracy));
}

TEST(TrainSvm, PartsARingFromItsMiddle) {
  Random random(9);
  OwnedRows rows{{}, {}, 2, 2};
  for (int i = 0; i < 400; ++i) {
    const double x = random.uniform(), y = random.uniform();
    rows.values.insert(rows.values.end(), {static_cast<float>(x), static_cast<float>(y)});
    rows.labels.push_back(std::hypot(x - 0.5, y - 0.5) < 0.3 ? 1 : 0);
  }
  const auto answers = answers_of(train_svm(rows.view(), {100, 8}), rows);
  std::size_t right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == rows.labels[i] ? 1 : 0;
  EXPECT_GT(right, 385U);
  const SvmSearch found = search_svm_options(rows.view(), 3);
  EXPECT_GT(found.accuracy, 0.93);
  EXPECT_GT(found.options.c * found.options.gamma, 1);
}

TEST(TrainSvm, NumbersClassesByValueWhateverTheirOrder) {
  // Class 3 comes first, class 1 is missing.
  const auto rows = rows_of({0.9F, 0.95F, 0.5F, 0.55F, 0.0F, 0.05F}, {3, 3, 0, 0, 2, 2}, 1, 4);
  const SvmChooser svm = train_svm(rows.view(), {100, 8});
  EXPECT_EQ(svm.classes, (std::vector<std::uint8_t>{0, 2, 3}));
  EXPECT_EQ(answers_of(svm, rows), (std::vector<std::size_t>{3, 3, 0, 0, 2, 2}));
}

TEST(TrainSvm, OfOneClassNeedsNoVectors) {
  const SvmChooser svm = train_svm(rows_of({1, 2}, {1, 1}, 1, 2).view(), {});
  EXPECT_TRUE(svm.vectors.empty());
  EXPECT_EQ(choose(svm, std::array{7.0F}).label, 1U);
}

TEST(TrainChooser, StatesTheSvmsSubset) {
  Random random(2);
  OwnedRows rows{{}, {}, 1, 2};
  for (std::size_t i = 0; i < kSvmRows + 100; ++i) {
    rows.values.push_back(static_cast<float>(random.uniform()));
    rows.labels.push_back(rows.values.back() > 0.5F ? 1 : 0);
  }
  const auto part = train_chooser(ChooserKind::kSvm, rows.view(), {1, false});
  EXPECT_EQ(std::get<SvmFacts>(part.facts).trained_on, 5000U);
  const auto all = train_chooser(ChooserKind::kSvm, rows.view(), {1, true});
  EXPECT_EQ(std::get<SvmFacts>(all.facts).trained_on, 5100U);
}

TEST(TrainChooser, StopsBetweenFits) {
  const auto rows = rows_of({0, 1, 2, 3, 4, 5}, {0, 1, 0, 1, 0, 1}, 1, 2);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(search_tree_options(rows.view(), 1, stop.get_token()), ErrorCode::kInterrupted,
                      "stopped");
  EXPECT_TRIAGE_ERROR(search_svm_options(rows.view(), 1, stop.get_token()), ErrorCode::kInterrupted,
                      "stopped");
  // Too few rows to search on: the fit itself is what is left out.
  EXPECT_TRIAGE_ERROR(
      train_chooser(ChooserKind::kSvm, rows_of({0, 1}, {0, 1}, 1, 2).view(), {.stop = stop.get_token()}),
      ErrorCode::kInterrupted, "stopped");
}

TEST(ParsePremodelKind, ReadsOneAndChains) {
  const auto one = parse_premodel_kind("svm");
  EXPECT_EQ(one.form, PremodelForm::kMulticlass);
  EXPECT_EQ(one.stage(0), ChooserKind::kSvm);
  const auto chain = parse_premodel_kind("knn.dt");
  EXPECT_EQ(chain.form, PremodelForm::kChain);
  EXPECT_EQ(chain.stage(0), ChooserKind::kKnn);
  EXPECT_EQ(chain.stage(1), ChooserKind::kTree);
  EXPECT_EQ(chain.stage(7), ChooserKind::kTree);  // the last goes on
  for (const auto bad : {"", "knn.", ".knn", "forest", "KNN", "knn..dt"}) {
    EXPECT_TRIAGE_ERROR(parse_premodel_kind(bad), ErrorCode::kUsage, "expected knn, dt or svm");
  }
}

TEST(LeaveOneOutDistances, LeaveOutTheRowItself) {
  const std::array<float, 4> rows{0, 1, 3, 7};
  const auto distances = leave_one_out_distances(rows, 1, 2);
  ASSERT_EQ(distances.size(), 4U);
  EXPECT_DOUBLE_EQ(distances[0], 2);    // 1 and 3
  EXPECT_DOUBLE_EQ(distances[1], 1.5);  // 1 and 2
  EXPECT_DOUBLE_EQ(distances[2], 2.5);  // 2 and 3
  EXPECT_DOUBLE_EQ(distances[3], 5);    // 4 and 6
  // More equal rows than are asked for: the row itself need not be found, and all distances are 0.
  const std::array<float, 6> equal{4, 4, 4, 4, 4, 4};
  for (const double distance : leave_one_out_distances(equal, 1, 2)) EXPECT_EQ(distance, 0);
}

}  // namespace
}  // namespace triage
