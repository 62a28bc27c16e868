#include "policy/cascade_policy.h"

#include <cmath>

#include "base/check.h"
#include "policy/checks.h"

namespace triage {
namespace {

void explain(const Cascade& cascade, std::size_t stage, const Look& look, bool accepted, Trace& trace) {
  const auto& name = cascade.info().models[stage].name;
  Trace::Step step;
  step.values.emplace_back("confidence", look.confidence);
  if (stage < cascade.parameters().thresholds.size()) {
    const double threshold = cascade.parameters().thresholds[stage];
    step.values.emplace_back("threshold", threshold);
    step.what = fmt::format("stage {}: {} has confidence {:.4f}, threshold {:.4f}: {}", stage + 1, name,
                            look.confidence, threshold, accepted ? "accepted" : "goes on");
  } else {
    step.what = fmt::format("stage {}: {} has confidence {:.4f} and is the last: accepted", stage + 1, name,
                            look.confidence);
  }
  trace.steps.push_back(std::move(step));
}

}  // namespace

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
  if (trace != nullptr) explain(*this, stage, look, accepted, *trace);
  return accepted ? Action::answer_of(look) : Action::run(static_cast<ModelIndex>(n_done));
}

std::unique_ptr<Policy> make_cascade(PolicyInfo info, CascadeParameters parameters) {
  return std::make_unique<Cascade>(std::move(info), std::move(parameters));
}

}  // namespace triage
