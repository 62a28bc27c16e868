// The confidence cascade: models in a fixed order, cheapest first; the first answer that is confident enough
// is taken, the last one always.
#pragma once

#include <vector>

#include "triage/policy.h"

namespace triage {

// The order is that of PolicyInfo::models.
struct CascadeParameters {
  // Stage i accepts its look when its confidence is at least thresholds[i]; shape (n models - 1), since the
  // last stage accepts always. A look without a confidence (NaN) is not accepted.
  std::vector<double> thresholds;
};

class Cascade final : public Policy {
 public:
  Cascade(PolicyInfo info, CascadeParameters parameters);
  [[nodiscard]] std::string_view kind() const override { return "cascade"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;
  [[nodiscard]] std::vector<OrderedLook> look_order(const Request&) const override;
  [[nodiscard]] const CascadeParameters& parameters() const { return parameters_; }

 private:
  CascadeParameters parameters_;
};

// Throws kPolicy when the parts do not fit together.
[[nodiscard]] std::unique_ptr<Policy> make_cascade(PolicyInfo info, CascadeParameters parameters);

}  // namespace triage
