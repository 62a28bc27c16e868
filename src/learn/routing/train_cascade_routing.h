// Training of cascade routing (learn/cascade_routing_policy.h): estimates of every model's quality after
// every set of looks, then lambda.
#pragma once

#include <cstdint>
#include <memory>

#include "triage/policy.h"
#include "triage/tools/rows.h"

namespace triage {

struct CascadeRoutingOptions {
  Criterion criterion = Criterion::kTop1;
  CostKind cost = CostKind::kTime;
  std::size_t max_models = 8;  // that it chooses among: those nearest to the hull of cost and score; 1..8
  std::size_t max_looks = 3;   // models that run on one input at most; 1..4
  // Which setting a request without a price gets: the one of least cost whose score, by inner
  // cross-validation, is at least the single best model's plus `margin` (a share).
  double margin = 0.0;
  std::size_t fit_rows = 4000;     // that estimates are made from, drawn by `seed`
  std::size_t search_rows = 6000;  // that all settings are judged on; the best ones are on all rows
  std::uint64_t seed = 0;
};
// Throws kUsage for options out of range, and for a table without outputs.
[[nodiscard]] std::unique_ptr<Policy> train_cascade_routing(const Table& table, Rows rows,
                                                            const CascadeRoutingOptions& options);

}  // namespace triage
