// Ladders: look-then-decide policies for tables in which models have answers, or signals of their own
// quality, and inputs may have features (docs/policies.md, Ladders).
#pragma once

#include <memory>
#include <optional>

#include "triage/tools/learn.h"

namespace triage {

struct LadderOptions {
  int max_rungs = 4;  // 1..4 models
  // Which setting a request without a price gets: the one of highest expected worth by inner
  // cross-validation, or the one of this price, when it is set; score a unit of cost.
  std::optional<double> price = std::nullopt;
};

// Whether models said anything by which a ladder could decide.
[[nodiscard]] bool can_climb(const Table& table, Rows rows);

// On rows on which every model was run. Throws kUsage for options out of range, for a table without answers
// and signals, and for fewer than 20 rows.
[[nodiscard]] std::unique_ptr<Policy> train_ladder(const Table& table, Rows rows,
                                                   const LearnOptions& learn = {},
                                                   const LadderOptions& options = {});

}  // namespace triage
