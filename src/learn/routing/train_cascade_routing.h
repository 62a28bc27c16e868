// Training of cascade routing (learn/routing/cascade_routing_policy.h): estimates of every model's quality
// after every set of looks, then lambda.
#pragma once

#include <cstdint>
#include <memory>

#include "triage/policy.h"
#include "triage/tools/learn.h"

namespace triage {

struct CascadeRoutingOptions {
  std::size_t max_models = 8;      // that it chooses among: those nearest to the hull of cost and score; 1..8
  std::size_t max_looks = 3;       // models that run on one input at most; 1..4
  std::size_t fit_rows = 4000;     // that estimates are made from, drawn by the seed
  std::size_t search_rows = 6000;  // that all settings are judged on; the best ones are on all rows
};
// A request without a price gets the setting of least cost whose score, by inner cross-validation, is at
// least the single best model's plus the margin. Throws kUsage for options out of range, and for a table
// without outputs.
[[nodiscard]] std::unique_ptr<Policy> train_cascade_routing(const Table& table, Rows rows,
                                                            const LearnOptions& learn = {},
                                                            const CascadeRoutingOptions& options = {});

}  // namespace triage
