// Forests that choose a model by what the features of an input say, before anything runs: seven multi-output
// forests, each predicting what is lost with every model (docs/policies.md, Forests).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "triage/tools/learn.h"

namespace triage {

struct ForestsOptions {
  std::size_t trees = 100;  // of each forest
  // Which setting a request without a price gets: the one of highest expected worth, or the one of this
  // price, when it is set; score a unit of cost.
  std::optional<double> price = std::nullopt;
  // Of run times with a cutoff: whether a short run of one model before the choice, and one of the second
  // choice behind it, may be planned where training shows that they help.
  bool schedule = true;
};

// On rows on which every model was run, or some of them. Throws kUsage for a table whose features are not
// those of a table that was imported, or without any, and for fewer than 20 rows.
[[nodiscard]] std::unique_ptr<Policy> train_forests_policy(const Table& table, Rows rows,
                                                           const LearnOptions& learn = {},
                                                           const ForestsOptions& options = {});

}  // namespace triage
