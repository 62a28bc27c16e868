#include "adopt/image_sample.h"

#include <fmt/format.h>

#include <numeric>

#include "base/hash.h"
#include "triage/error.h"

namespace triage {

Sample draw_sample(const Dataset& data, std::size_t limit, std::uint64_t seed) {
  std::vector<std::size_t> order(data.size());
  std::iota(order.begin(), order.end(), 0);
  Random random(seed);
  shuffle(std::span(order), random);
  Sample sample;
  for (const std::size_t i : order) {
    if (sample.images.size() == limit) break;
    if (data.label(i) == kNoLabel) continue;
    try {
      sample.images.push_back(data.load(i, {}));
      sample.labels.push_back(data.label(i));
    } catch (const Error& error) {
      if (!is_image_error(error.code()) && error.code() != ErrorCode::kIo) throw;
      ++sample.n_failed;
    }
  }
  if (sample.images.empty()) {
    throw Error(ErrorCode::kData,
                fmt::format("data: no readable labelled image among {}, expected some; check "
                            "the data and the labels",
                            data.size()));
  }
  return sample;
}

}  // namespace triage
