// Trees, support vector machines and multi-class neighbours against scikit-learn, through
// tools/chooser_parity.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/hash.h"
#include "learn/premodel/svm.h"
#include "learn/premodel/train_chooser.h"
#include "learn/premodel/tree.h"
#include "support/run_python.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

constexpr std::size_t kDimensions = 7;

// Rows in [0, 1) whose class follows from two features, through much noise; `steps` puts them on a grid.
OwnedRows noisy_rows(std::size_t n, std::size_t n_classes, std::uint64_t seed, unsigned steps = 0) {
  Random random(seed);
  OwnedRows rows{{}, {}, kDimensions, n_classes};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t f = 0; f < kDimensions; ++f) {
      const double value = random.uniform();
      rows.values.push_back(
          static_cast<float>(steps == 0 ? value : std::floor(value * steps) / static_cast<double>(steps)));
    }
    const auto* row = &rows.values[i * kDimensions];
    const double where = static_cast<double>(row[0]) + 0.5 * std::sin(6 * static_cast<double>(row[1])) + 0.5;
    const auto told = static_cast<std::size_t>(where / 2 * static_cast<double>(n_classes));
    rows.labels.push_back(static_cast<std::uint8_t>(random.uniform() < 0.7 ? std::min(told, n_classes - 1)
                                                                           : random.below(n_classes)));
  }
  return rows;
}

template <class T>
void write_values(const std::filesystem::path& path, std::span<const T> values) {
  write_file_atomic(path, {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()});
}

// Has the script compare `answer(row)` on the test rows; `more` adds to meta.json.
template <class Answer>
void expect_parity(const OwnedRows& train, const OwnedRows& test, nlohmann::json meta, Answer answer,
                   const TreeChooser* tree = nullptr) {
  const testing::TempFolder folder;
  std::vector<std::uint8_t> answers;
  for (std::size_t i = 0; i < test.labels.size(); ++i) {
    answers.push_back(static_cast<std::uint8_t>(answer(test.view().row(i))));
  }
  write_values<float>(folder.path() / "train.f32", train.values);
  write_values<float>(folder.path() / "test.f32", test.values);
  write_values<std::uint8_t>(folder.path() / "train_labels.u8", train.labels);
  write_values<std::uint8_t>(folder.path() / "test_labels.u8", test.labels);
  write_values<std::uint8_t>(folder.path() / "answers.u8", answers);
  if (tree != nullptr) {
    write_values<std::int32_t>(folder.path() / "feature.i32", tree->feature);
    write_values<float>(folder.path() / "threshold.f32", tree->threshold);
  }
  meta["d"] = kDimensions;
  write_text_atomic(folder.path() / "meta.json", meta.dump() + "\n");
  const auto ran = testing::run_script(TRIAGE_PYTHON, "chooser_parity.py", folder.path());
  if (ran.exit_code == testing::kNoSklearn) GTEST_SKIP() << ran.output;
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  std::fputs(ran.output.c_str(), stdout);
}

void expect_tree_parity(const OwnedRows& train, const OwnedRows& test, const TreeOptions& options,
                        bool exact) {
  const TreeChooser tree = train_tree(train.view(), options);
  expect_parity(
      train, test,
      {{"kind", "tree"}, {"max_depth", options.max_depth}, {"min_leaf", options.min_leaf}, {"exact", exact}},
      [&](std::span<const float> row) { return choose(tree, row); }, &tree);
}

class ChooserParity : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ChooserParity, TreeHasTheSameNodes) {
  expect_tree_parity(noisy_rows(3000, GetParam(), 1), noisy_rows(5000, GetParam(), 2), {8, 60}, true);
}

TEST_P(ChooserParity, TreeOnAGridIsAsGood) {
  expect_tree_parity(noisy_rows(3000, GetParam(), 3, 40), noisy_rows(20000, GetParam(), 4, 40), {12, 10},
                     false);
}

TEST_P(ChooserParity, SvmIsAsGood) {
  const auto train = noisy_rows(1500, GetParam(), 5), test = noisy_rows(5000, GetParam(), 6);
  for (const SvmOptions& options : {SvmOptions{1, 2}, SvmOptions{10, 8}}) {
    const SvmChooser svm = train_svm(train.view(), options);
    expect_parity(train, test, {{"kind", "svm"}, {"C", options.c}, {"gamma", options.gamma}},
                  [&](std::span<const float> row) { return choose(svm, row).label; });
  }
}

TEST_P(ChooserParity, NeighboursSayTheSame) {
  const auto train = noisy_rows(2000, GetParam(), 7), test = noisy_rows(2000, GetParam(), 8);
  const KnnIndex index(train.values, kDimensions);
  const KnnChooser knn{train.labels};
  std::array<Neighbour, 5> nearest;
  expect_parity(train, test, {{"kind", "knn"}, {"k", nearest.size()}}, [&](std::span<const float> row) {
    index.search(row, nearest);
    return choose(knn, nearest);
  });
}

// Half of the test rows are training rows, some of which occur twice, with different classes: exact hits,
// which alone vote.
TEST_P(ChooserParity, NeighboursThatVoteByDistanceSayTheSame) {
  auto train = noisy_rows(2000, GetParam(), 9), test = noisy_rows(1000, GetParam(), 10);
  for (std::size_t i = 0; i < 1000; ++i) {
    const auto row = train.view().row(i);
    test.values.insert(test.values.end(), row.begin(), row.end());
    test.labels.push_back(train.labels[i]);
  }
  for (std::size_t i = 0; i < 300; ++i) {
    const std::vector<float> row(train.view().row(i).begin(), train.view().row(i).end());
    train.values.insert(train.values.end(), row.begin(), row.end());
    train.labels.push_back(static_cast<std::uint8_t>((train.labels[i] + 1) % GetParam()));
  }
  const KnnIndex index(train.values, kDimensions);
  const KnnChooser knn{train.labels, VoteWeights::kDistance};
  std::array<Neighbour, 15> nearest;
  expect_parity(train, test, {{"kind", "knn"}, {"k", nearest.size()}, {"weights", "distance"}},
                [&](std::span<const float> row) {
                  index.search(row, nearest);
                  return choose(knn, nearest);
                });
}

INSTANTIATE_TEST_SUITE_P(Classes, ChooserParity, ::testing::Values(2U, 4U));

}  // namespace
}  // namespace triage
