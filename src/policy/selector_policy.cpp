#include "policy/selector_policy.h"

#include "base/check.h"
#include "policy/checks.h"

namespace triage {
namespace {

// A model that may answer: none, or any but the selector.
void check_choice(const PolicyInfo& info, const SelectorParameters& parameters, ModelIndex choice,
                  std::string_view field) {
  if (choice == kNoModel) return;
  check_model(info, choice, field);
  if (choice == parameters.selector) fail_field(field, choice, "a model other than the selector");
}

}  // namespace

Selector::Selector(PolicyInfo info, SelectorParameters parameters)
    : Policy(std::move(info)), parameters_(std::move(parameters)) {
  check_info(this->info());
  check_model(this->info(), parameters_.selector, "selector.selector");
  if (parameters_.chooses.empty())
    fail_field("selector.chooses", "none", "a model for each class of the selector");
  for (const ModelIndex choice : parameters_.chooses) {
    check_choice(this->info(), parameters_, choice, "selector.chooses");
  }
  check_choice(this->info(), parameters_, parameters_.fallback, "selector.fallback");
}

Action Selector::next(const Evidence& evidence, Trace* trace) const {
  if (evidence.looks.empty()) return Action::run(parameters_.selector);
  const Look& look = evidence.looks.back();
  return look.model == parameters_.selector ? choose(look, trace) : Action::answer_of(look);
}

Action Selector::answer(const Evidence& evidence) const {
  if (evidence.looks.empty() || !can_answer(evidence.looks.back().model)) return Action::refuse();
  return Action::answer_of(evidence.looks.back());
}

std::int32_t Selector::choices_of(ModelIndex model) const {
  return can_answer(model) ? 0 : static_cast<std::int32_t>(parameters_.chooses.size());
}

Action Selector::choose(const Look& look, Trace* trace) const {
  const std::int32_t cls = look.output.best();
  TRIAGE_CHECK(cls >= 0 && static_cast<std::size_t>(cls) < parameters_.chooses.size());
  const ModelIndex choice = parameters_.chooses[static_cast<std::size_t>(cls)];
  const ModelIndex model = choice != kNoModel ? choice : parameters_.fallback;
  if (trace != nullptr) trace->emplace_back(SelectorChose{look.model, choice, model, look.confidence});
  return model == kNoModel ? Action::refuse() : Action::run(model);
}

std::unique_ptr<Policy> make_selector(PolicyInfo info, SelectorParameters parameters) {
  return std::make_unique<Selector>(std::move(info), std::move(parameters));
}

}  // namespace triage
