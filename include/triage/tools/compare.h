// Which of two policies is better, by how much, and at what cost: a statement with a stated probability, on
// inputs that neither was trained on.
//
// Both are replayed on the same inputs. All that is said about the score is read off one interval of its
// difference, exact for paired right and wrong answers and by betting for other scores
// (stats/bounded_loss_test.h), so everything said holds together with probability of at least 1 - delta.
// Costs have no bounds: their intervals are bootstrap ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "triage/clock.h"
#include "triage/tools/estimate.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/warning.h"

namespace triage {

struct CompareOptions {
  Criterion criterion = Criterion::kTop1;
  double delta = 0.05;  // probability, over the inputs, that what is said about the score is wrong
  // A share above 0: is the first worse than the second by less than this? None: not asked.
  std::optional<double> margin = std::nullopt;
  int resamples = 2000;  // of the costs' bootstrap; 0 leaves their intervals out
  std::uint64_t seed = 0;
  std::shared_ptr<const Clock> clock = nullptr;  // for decision times; none: steady_clock()
  std::stop_token stop = {};                     // when asked to stop: throws kInterrupted
};

enum class Preference { kFirst, kSecond, kNeither };

// Mean costs of an input, with bootstrap intervals of level 1 - delta.
struct CostComparison {
  std::array<double, 2> mean{};
  Estimate difference;  // the first's less the second's
  Estimate ratio;       // the first's over the second's; NaN where the second costs nothing
};

struct Comparison {
  std::array<std::string, 2> names;
  Criterion criterion = Criterion::kTop1;
  double delta = 0;              // as asked for
  std::optional<double> margin;  // as asked for
  std::string labels_from;       // see Table
  Terms terms;                   // of scores and costs
  bool imported = false;         // see Evaluation
  std::string machine;
  std::size_t table_inputs = 0;
  std::size_t inputs = 0;  // that took part; the others are copies, or were trained on
  std::array<double, 2> score{};
  bool right_or_wrong = true;  // whether all scores are 0 or 1
  // Inputs on which the first alone is right (else: scores more), and the second alone.
  std::size_t first_alone = 0, second_alone = 0;
  Estimate difference;  // of the scores, the first's less the second's; its interval has level 1 - delta
  Preference better = Preference::kNeither;  // neither: not told apart
  bool within_margin = false;  // shown: the first is worse by less than the margin, if by anything
  // About how many inputs would tell the two apart (with a margin: show that it is kept) if these are
  // typical; NaN where they would not, and where it is shown already.
  double inputs_needed = kNotMeasured;
  CostComparison ms;
  std::optional<CostComparison> j;  // none where energy was not measured
  std::vector<Warning> warnings;
};

// Throws kUsage for options out of range, where no input is left that neither was trained on, and where one
// of these has no label, or is of an imported table and some model was not run on it; kPolicy, naming it, for
// a policy that does not fit the table; kInterrupted.
[[nodiscard]] Comparison compare_policies(const Table& table, const NamedPolicy& first,
                                          const NamedPolicy& second, const CompareOptions& options);

}  // namespace triage
