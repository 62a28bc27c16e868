// Learns from training rows how features become codes (policy/feature_map.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "policy/feature_map.h"

namespace triage {

// `features` has shape (n, d); NaN and infinities are missing. Columns with one value or none are dropped. A
// column of up to kMaxBins distinct values gets a bin for each, others bins of about equally many rows; edges
// lie halfway between two values. Columns that miss on the same rows share one indicator. The result depends
// on no thread count. Throws kUsage when codes would take more than kMaxCodeColumns columns.
[[nodiscard]] FeatureMap learn_feature_map(std::span<const float> features, std::size_t d, unsigned threads);

// Codes of all rows: (n, max(1, k + q)); a map without columns gives one column of 0.
[[nodiscard]] std::vector<std::uint8_t> encode_rows(const FeatureMap& map, std::span<const float> features,
                                                    unsigned threads);

}  // namespace triage
