// What the checks of the guarantee share.
#include <fmt/format.h>

#include <algorithm>

#include "report/phrases.h"
#include "stats/binomial.h"
#include "stats/intervals.h"
#include "study/guarantee_checks.h"

namespace triage {

// Runs of each further check: the standard error of 5 % is then at most 1.1 points.
std::size_t check_runs(const GuaranteeOptions& options) {
  return static_cast<std::size_t>(std::min(options.resamples, 400));
}

Random check_random(const GuaranteeOptions& options, std::size_t run, std::uint64_t check) {
  return Random(mix64(options.seed ^ mix64(run + 1)) ^ mix64(check));
}

std::vector<std::uint32_t> draw_with_replacement(Random& random, std::size_t n, std::size_t population) {
  std::vector<std::uint32_t> drawn(n);
  for (auto& i : drawn) i = static_cast<std::uint32_t>(random.below(population));
  return drawn;
}

double percent_of(std::size_t k, std::size_t n) {
  return n == 0 ? kNotMeasured : 100 * static_cast<double>(k) / static_cast<double>(n);
}

std::string noise_verdict(bool holds, double delta) {
  return fmt::format("{} than the promised {} %, {} binomial noise.", holds ? "Not more" : "More",
                     percent(delta, 0), holds ? "within" : "beyond");
}

std::string share_range(std::size_t k, std::size_t n) {
  const Interval range = clopper_pearson(k, n);
  return fmt::format("[{}, {}]", percent(range.low, 1), percent(range.high, 1));
}

bool is_within_noise(std::size_t k, std::size_t n, double delta, std::size_t cells) {
  return binomial_tail(k, n, delta) >= 0.05 / static_cast<double>(cells);
}

PassTable::PassTable(const LossTest& test, std::size_t pairs)
    : test_(test), pairs_(pairs), passing_(pairs + 1), failing_(pairs + 1) {
  for (auto& passing : passing_) passing.store(-1, std::memory_order_relaxed);
  for (auto& failing : failing_) {
    failing.store(static_cast<std::int64_t>(pairs) + 1, std::memory_order_relaxed);
  }
}

// Another thread may overwrite what this one has learned; then it is learned again.
bool PassTable::passes(const PairedLosses& losses) const {
  if (losses.kind() == LossKind::kShares) return test_.passes(losses);
  const LossCounts& counts = losses.counts();
  const auto worse = static_cast<std::int64_t>(counts.worse);
  auto& passing = passing_[counts.better];
  auto& failing = failing_[counts.better];
  if (worse <= passing.load(std::memory_order_relaxed)) return true;
  if (worse >= failing.load(std::memory_order_relaxed)) return false;
  const bool passed = test_.passes(counts);
  (passed ? passing : failing).store(worse, std::memory_order_relaxed);
  return passed;
}

}  // namespace triage
