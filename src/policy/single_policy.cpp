#include "policy/single_policy.h"

#include "policy/checks.h"

namespace triage {

Single::Single(PolicyInfo info, ModelIndex model) : Policy(std::move(info)), model_(model) {
  check_info(this->info());
  check_model(this->info(), model_, "single.model");
}

Action Single::next(const Evidence& evidence, Trace* trace) const {
  if (!evidence.looks.empty()) return Action::answer_of(evidence.looks.back());
  if (trace != nullptr) trace->emplace_back(AlwaysRuns{model_});
  return Action::run(model_);
}

std::unique_ptr<Policy> make_single(PolicyInfo info, ModelIndex model) {
  return std::make_unique<Single>(std::move(info), model);
}

}  // namespace triage
