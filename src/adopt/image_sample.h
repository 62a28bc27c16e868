// Labelled images for judging networks by.
#pragma once

#include <cstdint>
#include <vector>

#include "triage/tools/dataset.h"

namespace triage {

struct Sample {
  std::vector<Image> images;
  std::vector<Label> labels;
  std::size_t n_failed = 0;  // images that could not be read
};

// Up to `limit` readable images with labels, in an order hashed from the seed, so that any prefix is a fair
// sample. Throws kData when there is none.
[[nodiscard]] Sample draw_sample(const Dataset& data, std::size_t limit, std::uint64_t seed,
                                 const DecodeOptions& decode);

}  // namespace triage
