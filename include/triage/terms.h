// What costs and scores count in, and how they are written for people.
#pragma once

#include <string>
#include <string_view>

namespace triage {

// What "cheap" means, and what prices and expected costs count in: a sum of milliseconds and joules. Weights
// are finite, 0 or more, and not both 0.
struct CostWeights {
  double per_ms = 1;
  double per_j = 0;

  [[nodiscard]] bool counts_energy() const { return per_j != 0; }
  // Joules may be unknown (NaN) where they do not count.
  [[nodiscard]] double of(double ms, double j) const {
    if (per_j == 0) return per_ms * ms;
    return per_ms == 0 ? per_j * j : per_ms * ms + per_j * j;
  }
  bool operator==(const CostWeights&) const = default;
};
inline constexpr CostWeights kTimeCost{1, 0}, kEnergyCost{0, 1};
// "time", "energy", or any other sum: "ms + 40 j".
[[nodiscard]] std::string to_string(const CostWeights& weights);
// "ms", "J", or the sum.
[[nodiscard]] std::string unit_name(const CostWeights& weights);
// Of "time", "energy", or a sum such as "ms + 40 j" or "0.5 j"; to_string() gives such texts. Throws kUsage.
[[nodiscard]] CostWeights parse_cost(std::string_view text);

// What scores and costs are called and how they read; the defaults are of networks timed on images. Inside,
// a score is a share of the way from worst to best.
struct Terms {
  std::string score{};           // its name, such as "PAR10"; empty: the criterion's, of classes
  double worst = 0, best = 100;  // what 0 and 1 read as: {0, 100}; {21000, 0} where less is better
  std::string score_unit = "%";  // may be empty
  std::string cost_unit = "ms";  // of everything that is called `ms` here: "s", "usd"
  double cutoff = 0;             // of costs that are run times and end there; 0: they are none
  // Of a share, and of a difference of shares.
  [[nodiscard]] double shown(double score_share) const { return worst + (best - worst) * score_share; }
  [[nodiscard]] double shown_gain(double difference) const { return (best - worst) * difference; }
  // Of a run time under a cutoff (PAR10): 1 for none, 0.9 at the cutoff, 0 where it was not solved in time.
  [[nodiscard]] double score_of_time(double cost, bool is_solved) const {
    return is_solved && cost <= cutoff ? 1 - cost / (10 * cutoff) : 0;
  }
  // Whether costs are milliseconds, to which the time of deciding is added.
  [[nodiscard]] bool counts_ms() const { return cost_unit == "ms"; }
  bool operator==(const Terms&) const = default;
};

}  // namespace triage
