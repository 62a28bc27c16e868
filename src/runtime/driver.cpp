// The driver loop: asks a policy, has the backend do it, and holds the policy to the rules that make the loop
// end (every step must bring something new).
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "triage/error.h"
#include "triage/runtime.h"

namespace triage {
namespace {

[[noreturn]] void fail_policy(const Policy& policy, std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kInternal,
              fmt::format("policy of kind '{}': {}, expected {}; this is a bug in that policy", policy.kind(),
                          found, expected));
}

bool has_look(const Outcome& outcome, ModelIndex model) {
  return std::any_of(outcome.looks.begin(), outcome.looks.end(),
                     [model](const Look& look) { return look.model == model; });
}

// Energy starts at 0, so that it is known as long as every part of it was measured.
void reset(const PolicyInfo& info, Outcome& outcome) {
  outcome.refused = false;
  outcome.answer = {};
  outcome.model = kNoModel;
  outcome.looks.clear();
  outcome.looks.reserve(info.models.size());
  outcome.features.assign(info.schema.size(), std::numeric_limits<float>::quiet_NaN());
  outcome.total = {.ms = 0, .j = 0};
  outcome.features_ms = 0;
  outcome.features_j = 0;
  outcome.decision_ms = 0;
}

void do_extract(const Policy& policy, Backend& backend, FeatureMask mask, FeatureMask& extracted,
                Outcome& outcome) {
  if ((mask & ~all_features(policy.info().schema)) != 0) {
    fail_policy(policy, "asks for a feature outside its schema",
                fmt::format("one of its {} features", policy.info().schema.size()));
  }
  const FeatureMask missing = mask & ~extracted;
  if (missing == 0) fail_policy(policy, "asks for no new feature", "at least one");
  const Cost cost = backend.extract(missing, outcome.features);
  extracted |= missing;
  outcome.features_ms += cost.ms;
  outcome.features_j += cost.j;
  outcome.total += cost;
}

void do_run(const Policy& policy, Backend& backend, ModelIndex model, Outcome& outcome) {
  const std::size_t n_models = policy.info().models.size();
  if (model < 0 || static_cast<std::size_t>(model) >= n_models) {
    fail_policy(policy, fmt::format("asks for model {}", model),
                fmt::format("one of its {} models", n_models));
  }
  if (has_look(outcome, model)) {
    fail_policy(policy, fmt::format("asks twice for model {}", model), "each model at most once an input");
  }
  outcome.looks.push_back(backend.run(model));
  outcome.looks.back().model = model;
  outcome.total += outcome.looks.back().cost;
}

void do_answer(const Policy& policy, const Action& action, Outcome& outcome) {
  if (outcome.looks.empty()) fail_policy(policy, "answers before any model ran", "a look first");
  if (action.model != kNoModel && !has_look(outcome, action.model)) {
    fail_policy(policy, fmt::format("answers for model {}, which did not run", action.model), "one that did");
  }
  outcome.answer = action.answer;
  outcome.model = action.model;
}

}  // namespace

void drive(const Policy& policy, Backend& backend, const Clock& clock, Outcome& outcome, Trace* trace) {
  reset(policy.info(), outcome);
  FeatureMask extracted = 0;
  for (;;) {
    const Stopwatch watch(clock);
    const Action action =
        policy.next({.features = outcome.features, .looks = outcome.looks, .spent = outcome.total}, trace);
    const double decision_ms = watch.ms();
    outcome.decision_ms += decision_ms;
    outcome.total.ms += decision_ms;
    switch (action.kind) {
      case Action::Kind::kExtract:
        do_extract(policy, backend, action.features, extracted, outcome);
        break;
      case Action::Kind::kRun:
        do_run(policy, backend, action.model, outcome);
        break;
      case Action::Kind::kAnswer:
        do_answer(policy, action, outcome);
        return;
      case Action::Kind::kRefuse:
        outcome.refused = true;
        return;
    }
  }
}

}  // namespace triage
