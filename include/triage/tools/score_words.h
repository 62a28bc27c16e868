// How scores and costs read in the words of a table (Terms): "92.91 % top-1 at 2.00 ms", "-310 s PAR10".
#pragma once

#include <string>
#include <string_view>

#include "triage/terms.h"
#include "triage/tools/estimate.h"
#include "triage/types.h"

namespace triage {

// Of one table and criterion. Scores and differences are given as shares, as they are everywhere inside; what
// comes back counts in the table's terms, "-" for NaN. Differences have the sign of the numbers that are
// shown: where less is better, a gain is negative.
class ScoreWords {
 public:
  // `labels_from`: see Table.
  explicit ScoreWords(Terms terms = {}, Criterion criterion = Criterion::kTop1,
                      std::string_view labels_from = {});

  [[nodiscard]] const Terms& terms() const { return terms_; }
  // Whether the score has a name of its own; else it is that of right answers among classes.
  [[nodiscard]] bool is_named() const { return !terms_.score.empty(); }
  [[nodiscard]] bool less_is_better() const { return terms_.best < terms_.worst; }
  [[nodiscard]] bool in_percent() const;  // from 0 to 100 %: gains are points
  // Whether scores are 0 to 1 or 0 to 100 %, as confidences are.
  [[nodiscard]] bool is_share() const;
  // Whether costs are run times that end at a cutoff, of which the score is made.
  [[nodiscard]] bool counts_run_times() const { return terms_.cutoff > 0; }
  // Whether a score above 0 is a right answer, or a run that ended in time, so that inputs can be covered.
  [[nodiscard]] bool counts_successes() const { return !is_named() || counts_run_times(); }
  // Whether costs are times, of which "faster" can be said.
  [[nodiscard]] bool costs_are_times() const;

  [[nodiscard]] const std::string& name() const { return name_; }       // "top-1", "PAR10"
  [[nodiscard]] std::string head() const;                               // "top-1 %", "PAR10 s"
  [[nodiscard]] std::string head_of(std::string_view method) const;     // "SBS %", "SBS PAR10 s"
  [[nodiscard]] std::string score(double share, int digits = 2) const;  // "92.91", "4,893"
  [[nodiscard]] std::string score_with_unit(double share) const;        // "92.91 % top-1", "4,893 s PAR10"
  [[nodiscard]] std::string score_range(Interval range, int digits) const;  // "[12.1, 14.0]"
  // The value and its range; the value alone where no interval was made.
  [[nodiscard]] std::string score_estimate(double share, Interval range, int digits = 1) const;
  [[nodiscard]] std::string spread(double share, int digits) const;  // a standard deviation

  [[nodiscard]] std::string gain(double difference, int digits = 2) const;  // "+0.12", "-310"
  [[nodiscard]] std::string gain_range(Interval range) const;               // "[-0.10, +0.31]"
  [[nodiscard]] std::string gain_estimate(const Estimate& estimate) const;  // "+0.12 [-0.10, +0.31]"
  [[nodiscard]] std::string gain_phrase(const Estimate& estimate) const;    // "-310 s PAR10 [-400, -220]"
  // "+0.65 points (standard error 0.46)".
  [[nodiscard]] std::string gain_with_error(double difference, double error) const;
  [[nodiscard]] std::string amount(double difference,
                                   int digits = 2) const;  // no sign: "0.12 points", "310 s"
  // What was lost, such as a certificate bounds: "+0.52 points", "310 s PAR10".
  [[nodiscard]] std::string loss(double difference) const;
  [[nodiscard]] std::string loss_figure(double difference) const;  // without the unit
  // "better by 310 s [220, 400]", "worse by 12 s"; the range counts in the same direction.
  [[nodiscard]] std::string advantage(const Estimate& estimate) const;
  [[nodiscard]] std::string gain_unit() const;   // "points", "s"; may be empty
  [[nodiscard]] std::string named_unit() const;  // "points", "s PAR10"
  // The head of a column of differences: "score - SBS, points", "PAR10 - SBS, s".
  [[nodiscard]] std::string gain_head(std::string_view reference) const;

  [[nodiscard]] const std::string& cost_unit() const { return terms_.cost_unit; }
  [[nodiscard]] std::string cost(double value) const;         // "0.0214", three significant digits
  [[nodiscard]] std::string cost_phrase(double value) const;  // "0.0214 ms", "0.000310 usd"
  [[nodiscard]] std::string cost_figure(double value) const;  // four digits, as format_figure has them
  [[nodiscard]] std::string cost_noun() const;                // "time", "run time", "cost"
  [[nodiscard]] std::string faster() const;                   // "faster", "cheaper"
  [[nodiscard]] std::string slower() const;                   // "slower", "dearer"
  // "time" or "energy" to be saved, in the table's words: "cost".
  [[nodiscard]] std::string saved(const CostWeights& weights) const;
  // The unit of such costs: "ms", "J", "ms + 40 j", "usd".
  [[nodiscard]] std::string unit_of(const CostWeights& weights) const;
  // On a logarithmic axis, whose ticks are 1, 2 or 5 times a power of ten.
  [[nodiscard]] std::string cost_tick(double value) const;
  // What a price is for: "a ms", "a J", "per (ms + 40 j)", "a usd".
  [[nodiscard]] std::string per_unit(const CostWeights& weights) const;

  // "92.91 % top-1 at 2.00 ms", "4,893 s PAR10 at a mean run time of 535 s".
  [[nodiscard]] std::string figures(double share, double cost) const;

 private:
  [[nodiscard]] std::string plain(double difference, int digits) const;  // no unit, no sign but minus

  Terms terms_;
  std::string name_;
};

}  // namespace triage
