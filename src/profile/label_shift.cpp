#include "profile/label_shift.h"

#include "stats/binomial.h"

namespace triage {
namespace {

constexpr double kMaxPValue = 1e-6;
// Labels in another order agree with their neighbours on some classes by accident.
constexpr double kLeastShare = 1.0 / 3;

}  // namespace

void LabelShift::add(const InputRecord& record) {
  if (record.label == kNoLabel) return;
  ++n_inputs_;
  for (std::size_t m = 0; m < counts_.size(); ++m) {
    const Label said = record.outputs[m].best();
    counts_[m].as_given += said == record.label ? 1 : 0;
    counts_[m].lower += said == record.label - 1 ? 1 : 0;
    counts_[m].higher += said == record.label + 1 ? 1 : 0;
  }
}

std::optional<ShiftedLabels> LabelShift::find() const {
  std::optional<ShiftedLabels> best;
  const auto n = static_cast<double>(n_inputs_);
  for (std::size_t m = 0; m < counts_.size(); ++m) {
    const Counts& counts = counts_[m];
    for (const auto& [shift, right] : {std::pair{-1, counts.lower}, std::pair{1, counts.higher}}) {
      // An answer is right by one of the two labels at most, so these are the inputs on which they disagree.
      const std::size_t disagree = right + counts.as_given;
      const double p = binomial_tail(right, disagree, 0.5) * 2 * static_cast<double>(counts_.size());
      if (disagree == 0 || p > kMaxPValue || static_cast<double>(right) < kLeastShare * n) continue;
      const ShiftedLabels found{shift, m, static_cast<double>(counts.as_given) / n,
                                static_cast<double>(right) / n};
      if (!best || found.shifted > best->shifted) best = found;
    }
  }
  return best;
}

}  // namespace triage
