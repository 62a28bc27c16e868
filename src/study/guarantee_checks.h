// What the guarantee study checks besides calibrating once: promises that are looked at again and again, that
// hold in each class or source, comparisons, and the monitor under a shift.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "calibrate/setting_losses.h"
#include "triage/tools/study.h"

namespace triage {

// A policy trained on one half and what each of its settings does on the other.
struct TrainedHalf {
  std::unique_ptr<Policy> policy;
  std::vector<std::uint32_t> rows;  // the other half
  ModelIndex versus = kNoModel;
  SettingLosses losses;
  std::vector<std::size_t> sequence;
  std::vector<double> true_loss;  // (settings) over all rows of the other half
  std::vector<double> mean_ms;    // (settings)
  double versus_ms = 0;
};

// The Clopper-Pearson 95 % interval of a share.
[[nodiscard]] std::string share_range(std::size_t k, std::size_t n);
// Whether k or more violations of n are within noise (probability above 5 %) at a true rate of delta, where
// `cells` such counts are judged together (Bonferroni).
[[nodiscard]] bool is_within_noise(std::size_t k, std::size_t n, double delta, std::size_t cells);

// Runs of each further check: the standard error of a share of 5 % is then about 1.1 points.
[[nodiscard]] std::size_t check_runs(const GuaranteeOptions& options);
// Of one run of one check.
[[nodiscard]] Random check_random(const GuaranteeOptions& options, std::size_t run, std::uint64_t check);
[[nodiscard]] std::vector<std::uint32_t> draw_with_replacement(Random& random, std::size_t n,
                                                               std::size_t population);
// In percent; NaN of none.
[[nodiscard]] double percent_of(std::size_t k, std::size_t n);
// Whether no more is wrong than delta allows.
[[nodiscard]] std::string noise_verdict(bool holds, double delta);

// A test of many losses of one number of pairs. Of those that are counted it remembers: the more are worse,
// the less it passes. Safe concurrently.
class PassTable {
 public:
  PassTable(const LossTest& test, std::size_t pairs);
  [[nodiscard]] bool passes(const PairedLosses& losses) const;
  [[nodiscard]] const LossTest& test() const { return test_; }
  [[nodiscard]] std::size_t pairs() const { return pairs_; }

 private:
  LossTest test_;
  std::size_t pairs_;
  // By the number of better pairs: the most worse ones that are known to pass, and the fewest that are known
  // to fail.
  mutable std::vector<std::atomic<std::int64_t>> passing_, failing_;
};

// Each clears `holds` where more is wrong than delta allows, beyond binomial noise.
// Calibration repeated while inputs arrive, by the test that allows it and by the one that does not.
[[nodiscard]] Exhibit check_anytime(const Table& table, const TrainedHalf& trained,
                                    const GuaranteeOptions& options, bool& holds);
// A bound that holds in each class, or each source.
[[nodiscard]] Exhibit check_groups(const Table& table, const TrainedHalf& trained,
                                   const GuaranteeOptions& options, CalibrateGroups per, bool& holds);
[[nodiscard]] Exhibit check_comparisons(const Table& table, const TrainedHalf& trained,
                                        const GuaranteeOptions& options, bool& holds);
[[nodiscard]] Exhibit check_monitor(const Table& table, const TrainedHalf& trained,
                                    const GuaranteeOptions& options, bool& holds);

}  // namespace triage
