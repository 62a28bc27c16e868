// The parts of calibration that the guarantee study calls on their own.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "stats/paired_loss_test.h"
#include "triage/tools/calibrate.h"
#include "triage/tools/rows.h"

namespace triage {

// What every setting does on some rows, beside `versus`.
struct SettingLosses {
  std::vector<std::vector<std::int8_t>> loss;  // (settings, rows): +1, 0 or -1, see LossCounts
  std::vector<std::vector<float>> ms;          // (settings, rows)
  std::vector<float> versus_ms;                // (rows)
};
// Throws kInterrupted, between two settings.
[[nodiscard]] SettingLosses measure_losses(const Table& table, Rows rows, const Policy& policy,
                                           ModelIndex versus, const Clock& clock, std::stop_token stop = {});

// The settings in the order of testing: from the best expected score to cheaper ones.
[[nodiscard]] std::vector<std::size_t> test_sequence(std::span<const PriceSetting> settings);

// How many of the sequence pass before the first that does not; `counts(setting)` is asked for as few as
// needed.
[[nodiscard]] std::size_t count_passing(std::span<const std::size_t> sequence, double max_loss, double delta,
                                        const std::function<LossCounts(std::size_t)>& counts);

}  // namespace triage
