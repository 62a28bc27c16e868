// Whether labels are off by one, told by what networks say while a profile is made.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profile/record.h"

namespace triage {

// A network that would be right far more often if every label were `shift` more.
struct ShiftedLabels {
  int shift = 0;
  std::size_t model = 0;
  double as_given = 0;  // share of the inputs on which it is right, 0..1
  double shifted = 0;
};

// Counts how often each network is right by the labels as given, by those one lower and one higher.
class LabelShift {
 public:
  // The first `n_models` outputs of a record are classifiers'.
  explicit LabelShift(std::size_t n_models) : counts_(n_models) {}
  // Counts an input that went well; one without a label is passed over.
  void add(const InputRecord& record);
  [[nodiscard]] std::size_t n_inputs() const { return n_inputs_; }
  // The clearest shift; nullopt unless chance alone has less than one in a million of it (exact binomial test
  // on the inputs on which the two disagree, for all networks and both shifts together), and it is right on a
  // third of the inputs at least.
  [[nodiscard]] std::optional<ShiftedLabels> find() const;

 private:
  struct Counts {
    std::size_t as_given = 0;
    std::size_t lower = 0, higher = 0;  // right by the label less or plus one
  };
  std::vector<Counts> counts_;
  std::size_t n_inputs_ = 0;
};

}  // namespace triage
