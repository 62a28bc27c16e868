// The parts of calibration that the guarantee study calls on their own.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "stats/paired_losses.h"
#include "triage/tools/calibrate.h"
#include "triage/tools/rows.h"

namespace triage {

// Signs where scores are right or wrong in the whole table, also as a policy's: not those of run times.
[[nodiscard]] LossKind loss_kind(const Table& table);

// What every setting does on some rows, beside `versus`.
struct SettingLosses {
  LossKind kind = LossKind::kSigns;
  std::vector<std::vector<float>> loss;  // (settings, rows) versus' score less the policy's
  std::vector<std::vector<float>> ms;    // (settings, rows)
  std::vector<double> mean_cost;         // (settings) in the policy's unit, or ms where energy is not known
  std::vector<float> versus_ms;          // (rows)

  // The losses at these positions, in their order.
  [[nodiscard]] PairedLosses gather(std::size_t setting, std::span<const std::uint32_t> positions) const;
};
// Throws kInterrupted, between two settings.
[[nodiscard]] SettingLosses measure_losses(const Table& table, Rows rows, const Policy& policy,
                                           ModelIndex versus, const Clock& clock, std::stop_token stop = {});

// The settings in the order of testing: from the best expected score to cheaper ones.
[[nodiscard]] std::vector<std::size_t> test_sequence(std::span<const PriceSetting> settings);

// How many of the sequence pass before the first that does not; `passes(setting)` is asked of as few as
// needed.
[[nodiscard]] std::size_t count_passing(std::span<const std::size_t> sequence,
                                        const std::function<bool(std::size_t)>& passes);

// Whether the loss of some pairs is shown to be below a bound.
struct LossTest {
  double max_loss = 0;
  double delta = 0;
  bool anytime = false;  // may be repeated while pairs are added
  LossKind kind = LossKind::kSigns;

  [[nodiscard]] bool passes(const PairedLosses& losses) const;
  [[nodiscard]] double p_value(const PairedLosses& losses) const;
  // About how many pairs like these would pass; NaN when none would.
  [[nodiscard]] double pairs_needed(const PairedLosses& losses) const;
  // The number of pairs of its kind below which not even pairs that all agree pass.
  [[nodiscard]] std::size_t fewest_pairs() const;
};

// Rows in groups; only groups that have rows.
struct RowGroups {
  std::vector<std::string> names;       // (groups)
  std::vector<std::size_t> sizes;       // (groups)
  std::vector<std::uint32_t> group_of;  // (rows)
  std::size_t fewest = 0;               // a group of fewer rows is too small to pass and does not count

  [[nodiscard]] bool counts(std::size_t group) const { return sizes[group] >= fewest; }
};
// By label or source, in the order of the table's; none for kNone. All rows have one.
[[nodiscard]] RowGroups group_rows(const Table& table, Rows rows, CalibrateGroups per, const LossTest& test);

struct GroupedLosses {
  PairedLosses all;
  std::vector<PairedLosses> groups;  // empty without groups
};
// Of a setting, of the rows at these positions, in their order.
[[nodiscard]] GroupedLosses group_losses(const SettingLosses& losses, std::size_t setting,
                                         const RowGroups& groups, std::span<const std::uint32_t> positions);
// Whether the loss is below the bound on average and in every group of at least `fewest` pairs.
[[nodiscard]] bool passes_everywhere(const GroupedLosses& losses, std::size_t fewest, const LossTest& test);

}  // namespace triage
