// The backend that reads a table.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "runtime/driver.h"
#include "triage/tools/features.h"
#include "triage/tools/table.h"

namespace triage {

// Reads a table instead of running models; charges each recipe and feature node once an input. Joules are
// the table's means; NaN where it has none.
class ReplayBackend final : public Backend {
 public:
  // Throws kPolicy where policy_difference() finds one. Both must outlive it.
  ReplayBackend(const Table& table, const PolicyInfo& policy);
  void begin(std::size_t input);
  Cost extract(FeatureMask mask, std::span<float> values) override;
  Look run(ModelIndex model) override;
  std::optional<Look> run_within(ModelIndex model, const Patience& patience) override;
  // The table's model behind the policy's; kNoModel for a selector.
  [[nodiscard]] ModelIndex table_model(ModelIndex model) const;

 private:
  Look run_selector(ModelIndex model);

  const Table* table_;
  std::vector<ModelIndex> models_;       // policy model -> table model; selectors are numbered behind those
  std::vector<std::size_t> columns_;     // policy feature -> table feature, but for those of a text
  std::vector<FeatureMask> masks_;       // policy feature -> its bit
  std::vector<std::uint64_t> nodes_;     // policy feature -> the nodes that it needs, or its group
  const TextReduction* text_ = nullptr;  // of the policy's last features
  FeatureMask text_mask_ = 0;
  std::size_t input_ = 0;
  std::uint64_t nodes_done_ = 0;
  std::vector<bool> recipes_done_;
  std::vector<double> ran_;  // policy model -> cost of its runs that were stopped
};

}  // namespace triage
