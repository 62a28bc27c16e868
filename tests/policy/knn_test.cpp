// The neighbour search against brute force: distances, rows and the order of ties.
#include "policy/knn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "policy/nearest_kernels.h"
#include "policy/policies.h"
#include "triage/error.h"

namespace triage {
namespace {

using testing::random_rows;

std::vector<Neighbour> brute_force(std::span<const float> rows, std::size_t d, std::span<const float> query,
                                   std::size_t k) {
  std::vector<Neighbour> all(rows.size() / d);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].row = static_cast<std::uint32_t>(i);
    for (std::size_t j = 0; j < d; ++j) {
      const double difference = static_cast<double>(query[j]) - static_cast<double>(rows[i * d + j]);
      all[i].squared_distance += difference * difference;
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.squared_distance < b.squared_distance; });
  all.resize(std::min(k, all.size()));
  return all;
}

// With every set of instructions, to the last bit.
void expect_same_as_brute_force(std::span<const float> rows, std::size_t d, std::span<const float> queries,
                                std::size_t k) {
  const BlockTree tree = build_block_tree(rows, d);
  for (std::size_t q = 0; q < queries.size() / d; ++q) {
    const auto query = queries.subspan(q * d, d);
    const auto expected = brute_force(rows, d, query, k);
    for (const NearestKernel& kernel : nearest_kernels()) {
      std::vector<Neighbour> found(k);
      ASSERT_EQ(kernel.search(tree, query.data(), found), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(found[i].row, expected[i].row)
            << kernel.instructions << ", d " << d << ", k " << k << ", query " << q << ", place " << i;
        ASSERT_EQ(found[i].squared_distance, expected[i].squared_distance);
      }
    }
  }
}

TEST(Knn, FindsTheNearestOnALine) {
  const KnnIndex index(std::vector<float>{0, 1, 3, 7}, 1);
  std::array<Neighbour, 2> nearest;
  EXPECT_EQ(index.search(std::array{2.5F}, nearest), 2U);
  EXPECT_EQ(nearest[0].row, 2U);
  EXPECT_DOUBLE_EQ(nearest[0].squared_distance, 0.25);
  EXPECT_EQ(nearest[1].row, 1U);
  EXPECT_DOUBLE_EQ(nearest[1].squared_distance, 2.25);
}

TEST(Knn, GivesTiesToTheLowerRow) {
  // Four corners of a square, twice each: all eight are equally far from the middle.
  const std::vector<float> rows{0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1};
  const KnnIndex index(rows, 2);
  std::array<Neighbour, 5> nearest;
  EXPECT_EQ(index.search(std::array{0.5F, 0.5F}, nearest), 5U);
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(nearest[i].row, i);
}

TEST(Knn, EqualsBruteForceInEveryDimension) {
  for (std::size_t d = 1; d <= 64; ++d) {
    const auto rows = random_rows(500, d, d);
    const auto queries = random_rows(40, d, 1000 + d);
    expect_same_as_brute_force(rows, d, queries, 5);
    expect_same_as_brute_force(rows, d, queries, 64);
  }
}

TEST(Knn, EqualsBruteForceAmongManyTies) {
  for (const std::size_t d : {1U, 2U, 3U, 7U}) {
    for (const unsigned steps : {2U, 3U, 10U}) {
      const auto rows = random_rows(800, d, steps, steps);
      expect_same_as_brute_force(rows, d, random_rows(100, d, 7, steps), 5);
      expect_same_as_brute_force(rows, d, random_rows(100, d, 8, 2 * steps), 9);
    }
  }
}

// A block is 32 rows, a node 16 blocks: one more or less begins another, down to a single row in it.
TEST(Knn, EqualsBruteForceForEveryFill) {
  for (const std::size_t n : {1U, 2U, 31U, 32U, 33U, 511U, 512U, 513U, 1024U, 1025U, 8192U, 8193U, 8225U}) {
    const auto rows = random_rows(n, 7, n);
    expect_same_as_brute_force(rows, 7, random_rows(20, 7, 9), 5);
    expect_same_as_brute_force(rows, 7, random_rows(5, 7, 10), 64);
  }
}

TEST(Knn, EqualsBruteForceWhereTwoThreadsBuildTheTree) {
  const auto rows = random_rows(20'000, 7, 1);
  expect_same_as_brute_force(rows, 7, random_rows(20, 7, 2), 5);
}

TEST(Knn, EqualsBruteForceWithConstantFeatures) {
  auto rows = random_rows(900, 7, 4);
  for (std::size_t i = 0; i < rows.size(); i += 7) rows[i] = rows[i + 3] = 0;
  expect_same_as_brute_force(rows, 7, random_rows(50, 7, 5), 5);
}

// The squares of 1e-30 are no numbers in float, those of 1e30 are infinite.
TEST(Knn, EqualsBruteForceWhereFloatsOverflowOrVanish) {
  for (const float unit : {1e-30F, 1e-20F, 1e17F, 1e19F, 1e30F}) {
    auto rows = random_rows(700, 3, 6), queries = random_rows(30, 3, 7);
    for (float& value : rows) value *= unit;
    for (float& value : queries) value *= unit;
    expect_same_as_brute_force(rows, 3, queries, 5);
  }
}

TEST(Knn, AnswersQueriesFarOutside) {
  const auto rows = random_rows(300, 7, 1);
  auto queries = random_rows(30, 7, 2);
  for (float& value : queries) value = (value - 0.5F) * 2e6F;
  expect_same_as_brute_force(rows, 7, queries, 5);
}

TEST(Knn, SurvivesThousandsOfEqualRows) {
  const std::vector<float> rows(7 * 5000, 0.25F);
  expect_same_as_brute_force(rows, 7, std::vector<float>(7, 0.25F), 5);
}

TEST(Knn, ReturnsAllRowsWhenThereAreFewer) {
  const KnnIndex index(std::vector<float>{0, 1}, 1);
  std::array<Neighbour, 5> nearest;
  EXPECT_EQ(index.search(std::array{0.9F}, nearest), 2U);
  EXPECT_EQ(nearest[0].row, 1U);
}

TEST(Knn, FindsNoneAmongNone) {
  const KnnIndex index({}, 3);
  std::array<Neighbour, 1> nearest;
  EXPECT_EQ(index.search(std::array{0.0F, 0.0F, 0.0F}, nearest), 0U);
}

TEST(Knn, KeepsItsRows) {
  const auto rows = random_rows(10, 5, 3);
  const KnnIndex index(rows, 5);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(std::ranges::equal(index.row(i), std::span(rows).subspan(i * 5, 5)));
  }
}

TEST(Knn, RefusesDimensionsItWasNotBuiltFor) {
  EXPECT_THROW(KnnIndex(std::vector<float>(65), 65), Error);
  EXPECT_THROW(KnnIndex({}, 0), Error);
  const KnnIndex index(std::vector<float>{0, 1}, 1);
  std::array<Neighbour, 1> nearest;
  EXPECT_THROW(index.search(std::array{0.0F, 0.0F}, nearest), Error);
}

}  // namespace
}  // namespace triage
