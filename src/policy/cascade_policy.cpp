#include "policy/cascade_policy.h"

#include <cmath>

#include "base/check.h"
#include "policy/checks.h"

namespace triage {

Cascade::Cascade(PolicyInfo info, CascadeParameters parameters)
    : Policy(std::move(info)), parameters_(std::move(parameters)) {
  check_info(this->info());
  if (parameters_.thresholds.size() + 1 != this->info().models.size()) {
    fail_field("cascade.thresholds", parameters_.thresholds.size(), "one less than models");
  }
  for (const double threshold : parameters_.thresholds) {
    if (!std::isfinite(threshold)) fail_field("cascade.thresholds", threshold, "finite numbers");
  }
}

Action Cascade::next(const Evidence& evidence, Trace* trace) const {
  const std::size_t n_done = evidence.looks.size();
  if (n_done == 0) return Action::run(0);
  const std::size_t stage = n_done - 1;
  const Look& look = evidence.looks.back();
  TRIAGE_CHECK(n_done <= info().models.size() && look.model == static_cast<ModelIndex>(stage));
  // NaN, a look without confidence, is never enough.
  const bool enough = stage < parameters_.thresholds.size() &&
                      look.confidence >= parameters_.thresholds[stage] &&
                      look.confidence >= evidence.request.min_confidence;
  const bool accepted = enough || stage == parameters_.thresholds.size();
  if (trace != nullptr) {
    CascadeStage event{stage, look.model, look.confidence, std::nullopt, accepted};
    if (stage < parameters_.thresholds.size()) event.threshold = parameters_.thresholds[stage];
    trace->emplace_back(event);
  }
  return accepted ? Action::answer_of(look) : Action::run(static_cast<ModelIndex>(n_done));
}

std::vector<OrderedLook> Cascade::look_order(const Request&) const {
  std::vector<OrderedLook> order;
  for (const double threshold : parameters_.thresholds) {
    order.push_back({static_cast<ModelIndex>(order.size()), threshold});
  }
  order.push_back({static_cast<ModelIndex>(order.size())});
  return order;
}

std::unique_ptr<Policy> make_cascade(PolicyInfo info, CascadeParameters parameters) {
  return std::make_unique<Cascade>(std::move(info), std::move(parameters));
}

}  // namespace triage
