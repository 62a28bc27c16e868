// The estimates behind cascade routing, and what its settings reach with them on rows of a table.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "learn/routing/cascade_routing_policy.h"
#include "triage/tools/rows.h"

namespace triage {

// What k models say on n rows, and whether they are right.
struct RoutedRows {
  std::vector<LookEvidence> evidence;                       // (n)
  std::vector<std::array<std::uint8_t, kMaxRouted>> right;  // (n) by model
};
[[nodiscard]] RoutedRows routed_rows(const Table& table, Rows rows, Criterion criterion,
                                     std::span<const ModelIndex> models);

// From the rows `which`, at least one; for k models of which at most `most` run. Throws
// kInterrupted when it is asked to stop.
[[nodiscard]] QualityEstimator fit_qualities(const RoutedRows& rows, std::span<const std::uint32_t> which,
                                             std::size_t k, std::size_t most,
                                             const std::stop_token& stop = {});

// Of a setting over some rows.
struct RoutingSums {
  double score = 0;
  double cost = 0;
};
// Adds, for every setting, the scores and costs over the rows `which` to `sums`. Throws kInterrupted
// when it is asked to stop.
void run_settings(const RoutedRows& rows, std::span<const std::uint32_t> which,
                  const QualityEstimator& estimator, const SetCosts& costs,
                  std::span<const RoutingSetting> settings, std::span<RoutingSums> sums,
                  const std::stop_token& stop = {});

}  // namespace triage
