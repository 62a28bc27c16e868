#include "adopt/image_sample.h"

#include <fmt/format.h>

#include <numeric>

#include "base/hash.h"
#include "data/readable.h"
#include "triage/error.h"

namespace triage {

Sample draw_sample(const Dataset& data, std::size_t limit, std::uint64_t seed, const DecodeOptions& decode) {
  std::vector<std::size_t> order(data.size());
  std::iota(order.begin(), order.end(), 0);
  Random random(seed);
  shuffle(std::span(order), random);
  Sample sample;
  for (const std::size_t i : order) {
    if (sample.images.size() == limit) break;
    if (data.label(i) == kNoLabel) continue;
    auto image = load_readable(data, i, decode);
    if (!image) {
      ++sample.n_failed;
      continue;
    }
    sample.images.push_back(*std::move(image));
    sample.labels.push_back(data.label(i));
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
