// Fits the neighbours of a forests policy (policy/nearest_rows.h).
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>

#include "learn/forest/forest.h"
#include "policy/nearest_rows.h"

namespace triage {

struct TrainedNeighbours {
  NearestRows nearest;
  OutOfBag unseen;  // each row by the neighbours that are not in its fold; score is loss
};

// Of `data` all but the weights, which do not count. k is the number of neighbours, of 1, 3, 5, 10, 20 and
// 40, whose choices at price 0 lose least on the folds (ties: the greater); 1 where there are fewer rows.
// Throws kUsage as train_forests does, and kInterrupted.
[[nodiscard]] TrainedNeighbours fit_nearest_rows(const ForestData& data, unsigned threads = 0,
                                                 const std::stop_token& stop = {});

}  // namespace triage
