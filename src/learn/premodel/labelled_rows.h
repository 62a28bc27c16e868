// What a chooser is trained on: scaled features and a class each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace triage {

struct LabelledRows {
  std::span<const float> values;  // (n, d)
  std::size_t d = 0;
  std::span<const std::uint8_t> labels;        // (n)
  std::size_t n_classes = 0;                   // labels are below
  std::span<const std::uint32_t> groups = {};  // (n) equal numbers belong together; empty: none do

  [[nodiscard]] std::size_t n() const { return labels.size(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const { return values.subspan(i * d, d); }
};

// Rows that own their values, for subsets.
struct OwnedRows {
  std::vector<float> values;
  std::vector<std::uint8_t> labels;
  std::size_t d = 0;
  std::size_t n_classes = 0;
  std::vector<std::uint32_t> groups = {};

  [[nodiscard]] LabelledRows view() const { return {values, d, labels, n_classes, groups}; }
};
[[nodiscard]] OwnedRows take_rows(const LabelledRows& rows, std::span<const std::uint32_t> chosen);

// 0 .. n-1 in an order that depends on the seed alone.
[[nodiscard]] std::vector<std::uint32_t> shuffled_indices(std::size_t n, std::uint64_t seed);

// The inner folds in which hyper-parameters are chosen: every n_folds-th of `order`, from the fold-th on,
// tests what the others train. Positions of one of the `groups` (n; empty: each is alone) stay together
// (deal_groups).
inline constexpr std::size_t kInnerFolds = 3;
struct InnerFold {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> test;
};
[[nodiscard]] std::vector<InnerFold> inner_folds(std::span<const std::uint32_t> order,
                                                 std::span<const std::uint32_t> groups,
                                                 std::size_t n_folds = kInnerFolds);
// Whether each of kInnerFolds gets something to test.
[[nodiscard]] bool has_inner_folds(const LabelledRows& rows);

}  // namespace triage
