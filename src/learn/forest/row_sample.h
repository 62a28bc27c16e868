// Some of the training rows, on which choices of training are tried, and what choosing on them is worth.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learn/forest/forest.h"

namespace triage {

class RowSample {
 public:
  // At most `most` rows, drawn by the seed, in their order.
  RowSample(const ForestData& data, std::size_t most, std::uint64_t seed);
  // Valid as long as the sample.
  [[nodiscard]] ForestData data() const;

 private:
  std::size_t d_, m_;
  std::vector<float> features_, losses_, costs_, weights_;
  std::vector<std::int32_t> fold_of_;
};

// Without that nothing can be learned of a model.
[[nodiscard]] bool every_model_ran(const ForestData& data);

// Of each row what choosing is worth, score less price times cost, the mean over the prices; NaN where it
// cannot be judged. `prices` has at least one.
[[nodiscard]] std::vector<double> unseen_worths(const ForestData& data, const OutOfBag& unseen,
                                                std::span<const double> prices);

}  // namespace triage
