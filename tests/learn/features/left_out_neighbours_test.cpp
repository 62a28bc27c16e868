// Neighbours with each feature left out, against a search that is plain enough to trust, and against
// KnnIndex.
#include "learn/features/left_out_neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <stop_token>

#include "base/hash.h"
#include "policy/knn.h"
#include "support/expect_error.h"

namespace triage {
namespace {

// Values on a grid of `steps` (0: none), so that many distances are equal and rows repeat.
FoldedRows random_rows(std::size_t n, std::size_t d, std::size_t folds, std::size_t steps,
                       std::uint64_t seed) {
  Random random(seed);
  FoldedRows rows{d, {}, {}};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t f = 0; f < d; ++f) {
      rows.values.push_back(steps == 0
                                ? static_cast<float>(random.uniform())
                                : static_cast<float>(random.below(steps + 1)) / static_cast<float>(steps));
    }
    rows.folds.push_back(static_cast<std::int32_t>(random.below(folds)));
  }
  return rows;
}

double squared_distance(const FoldedRows& rows, std::size_t a, std::size_t b,
                        std::span<const std::size_t> features) {
  double sum = 0;
  for (const std::size_t f : features) {
    const double difference =
        static_cast<double>(rows.values[a * rows.d + f]) - static_cast<double>(rows.values[b * rows.d + f]);
    sum += difference * difference;
  }
  return sum;
}

std::vector<std::uint32_t> plain_neighbours(const FoldedRows& rows, std::size_t query,
                                            std::span<const std::size_t> features, std::size_t k) {
  std::vector<std::pair<double, std::uint32_t>> others;
  for (std::size_t i = 0; i < rows.n(); ++i) {
    if (rows.folds[i] == rows.folds[query]) continue;
    others.emplace_back(squared_distance(rows, query, i, features), static_cast<std::uint32_t>(i));
  }
  std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(k), others.end());
  std::vector<std::uint32_t> nearest;
  for (std::size_t i = 0; i < k; ++i) nearest.push_back(others[i].second);
  return nearest;
}

std::vector<std::size_t> first_features(std::size_t d) {
  std::vector<std::size_t> features(d);
  std::iota(features.begin(), features.end(), std::size_t{0});
  return features;
}

// Each slot of the answer is what the plain search finds over the features that it stands for.
void expect_exact(const FoldedRows& rows, const LeftOutQuestion& question, std::size_t k,
                  const LeftOutNeighbours& found) {
  const std::size_t d = question.features.size();
  ASSERT_EQ(found.n_slots, d == 1 ? 1 : d + (question.with_all ? 1 : 0));
  for (std::size_t slot = 0; slot < found.n_slots; ++slot) {
    auto features = question.features;
    if (d > 1 && slot < d) features.erase(features.begin() + static_cast<std::ptrdiff_t>(slot));
    for (std::size_t row = 0; row < rows.n(); ++row) {
      const auto nearest = found.at(row, slot);
      ASSERT_EQ(std::vector(nearest.begin(), nearest.end()), plain_neighbours(rows, row, features, k))
          << "row " << row << ", slot " << slot;
    }
  }
}

class LeftOut : public ::testing::TestWithParam<std::string_view> {
 protected:
  static const ScanKernel* kernel() {
    for (const ScanKernel& each : scan_kernels()) {
      if (each.name == GetParam()) return &each;
    }
    return nullptr;
  }
  void SetUp() override {
    if (kernel() == nullptr) GTEST_SKIP() << "this processor has no " << GetParam();
  }
  static void expect_exact_on(const FoldedRows& rows, const LeftOutQuestion& question, std::size_t k) {
    const auto found = find_left_out_neighbours(rows, question, k, *kernel(), {});
    expect_exact(rows, question, k, found);
  }
};

TEST_P(LeftOut, EqualsThePlainSearch) {
  expect_exact_on(random_rows(400, 6, 3, 0, 1), {first_features(6), true}, 5);
}
TEST_P(LeftOut, EqualsItWhereNearlyAllDistancesTie) {
  expect_exact_on(random_rows(400, 4, 4, 2, 2), {first_features(4), true}, 7);
}
TEST_P(LeftOut, EqualsItWhereOneFeatureDwarfsTheOthers) {
  FoldedRows rows = random_rows(300, 5, 3, 0, 3);
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    if (i % 5 != 2) rows.values[i] *= 1e-4F;  // leaving feature 2 out cancels nearly all of a distance
  }
  expect_exact_on(rows, {first_features(5), true}, 3);
}
TEST_P(LeftOut, EqualsItOverSomeColumnsAndManyNeighbours) {
  expect_exact_on(random_rows(200, 9, 2, 10, 4), {{1, 4, 8}, false}, 31);
}
TEST_P(LeftOut, EqualsItWithTwoFeaturesAndWithOne) {
  const FoldedRows rows = random_rows(260, 2, 5, 8, 5);
  expect_exact_on(rows, {{0, 1}, true}, 5);
  expect_exact_on(rows, {{1}, false}, 5);
}
TEST_P(LeftOut, EqualsItOnEqualRows) {
  expect_exact_on(random_rows(150, 3, 3, 1, 6), {first_features(3), true}, 5);
}

TEST_P(LeftOut, AnEarlierAnswerChangesNothing) {
  for (const std::size_t steps : {0U, 3U}) {
    const FoldedRows rows = random_rows(350, 5, 4, steps, 7);
    const auto known = find_left_out_neighbours(rows, {first_features(5), true}, 5, *kernel(), {});
    expect_exact_on(rows, {{0, 1, 3, 4}, false, &known, 2}, 5);
  }
}

TEST_P(LeftOut, BoundsNeverExceedTheDistance) {
  const FoldedRows rows = random_rows(kLeafRows, 7, 1, 0, 8);
  std::array<float, 7 * kLeafRows> leaf{};
  for (std::size_t i = 0; i < kLeafRows; ++i) {
    for (std::size_t f = 0; f < 7; ++f) leaf[f * kLeafRows + i] = rows.values[i * 7 + f];
  }
  const auto features = first_features(7);
  for (std::size_t row = 0; row < kLeafRows; ++row) {
    for (std::size_t f = 0; f < 7; ++f) {
      auto rest = features;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(f));
      // A limit of exactly its distance lets a row pass, for one slot alone too; none at all lets none pass.
      std::array<float, 8> limits;
      limits.fill(-1);
      limits[f] = scan_limit(squared_distance(rows, 0, row, rest));
      const auto mask = kernel()->scan(leaf.data(), rows.values.data(), 7, {limits.data(), limits[f]});
      EXPECT_TRUE((mask >> row & 1U) != 0) << row << ", " << f;
    }
  }
  std::array<float, 8> none;
  none.fill(-1);
  EXPECT_EQ(kernel()->scan(leaf.data(), rows.values.data(), 7, {none.data(), -1}), 0U);
}

INSTANTIATE_TEST_SUITE_P(Kernels, LeftOut, ::testing::Values("avx512", "avx2", "baseline"),
                         [](const auto& kernel) { return std::string(kernel.param); });

TEST(LeftOutNeighbours, AreThoseOfThePremodelsIndex) {
  const FoldedRows rows = random_rows(500, 4, 2, 6, 9);
  const auto found = find_left_out_neighbours(rows, {first_features(4), true}, 5, scan_kernels().front(), {});
  std::vector<float> values;
  std::vector<std::uint32_t> ids;
  for (std::size_t i = 0; i < rows.n(); ++i) {
    if (rows.folds[i] == 0) continue;
    for (const std::size_t f : {0U, 1U, 3U}) values.push_back(rows.values[i * 4 + f]);
    ids.push_back(static_cast<std::uint32_t>(i));
  }
  const KnnIndex index(values, 3);
  for (std::size_t row = 0; row < rows.n(); ++row) {
    if (rows.folds[row] != 0) continue;
    const std::array query{rows.values[row * 4], rows.values[row * 4 + 1], rows.values[row * 4 + 3]};
    std::array<Neighbour, 5> nearest;
    ASSERT_EQ(index.search(query, nearest), 5U);
    for (std::size_t i = 0; i < 5; ++i) ASSERT_EQ(found.at(row, 2)[i], ids[nearest[i].row]) << row;
  }
}

TEST(LeftOutNeighbours, DoNotDependOnThreads) {
  const FoldedRows rows = random_rows(700, 6, 5, 4, 10);
  const LeftOutQuestion question{first_features(6), true};
  std::size_t advanced = 0;
  const SearchControl control{4, {}, [&](std::size_t queries) { advanced += queries; }};
  const auto many = find_left_out_neighbours(rows, question, 5, scan_kernels().front(), control);
  EXPECT_EQ(many.rows, find_left_out_neighbours(rows, question, 5, scan_kernels().front(), {}).rows);
  EXPECT_EQ(advanced, 700U);
}

TEST(LeftOutNeighbours, StopWhenTold) {
  const FoldedRows rows = random_rows(100, 3, 2, 0, 11);
  std::stop_source stop;
  stop.request_stop();
  const LeftOutQuestion question{first_features(3), true};
  const SearchControl control{2, stop.get_token(), nullptr};
  EXPECT_TRIAGE_ERROR(find_left_out_neighbours(rows, question, 5, scan_kernels().front(), control),
                      ErrorCode::kInterrupted, "interrupted");
}

TEST(ScanKernels, EndWithTheOneThatRunsEverywhere) { EXPECT_EQ(scan_kernels().back().name, "baseline"); }

}  // namespace
}  // namespace triage
