// Which method to use, from intervals alone.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "triage/tools/learn.h"
#include "triage/tools/method.h"

namespace triage {

// Why a method is not worth using; the first that holds.
enum class Shortcoming {
  kScoresLess,    // surely less than the single best model
  kTooFewInputs,  // to tell whether it scores as much
  kNeitherFasterNorBetter,
  kNotAboveRouter
};
[[nodiscard]] const char* to_string(Shortcoming shortcoming);

// A learned method against SBS and the zero router. The rules, also in docs/design.md; where no intervals
// were made, the figures themselves are compared.
struct Judgement {
  MethodId method;
  bool no_worse = false;      // the 95 % interval of (score - SBS's) lies above -0.5 points
  bool better = false;        // it lies above 0
  bool faster = false;        // the interval of (mean time / SBS's) lies below 1
  bool above_router = false;  // the interval of (score - zero router's at equal time) lies above 0
  std::optional<Shortcoming> shortcoming = std::nullopt;  // none: worth using

  [[nodiscard]] bool saves_time() const { return no_worse && faster; }
  // Above the router, and either no worse and faster, or better.
  [[nodiscard]] bool is_worth_using() const { return above_router && (saves_time() || better); }
};

struct Recommendation {
  MethodId method;                    // SBS when one model alone is the better choice
  std::vector<Judgement> candidates;  // the learned methods, in their order; rivals and controls are none
};
// Where what training chooses by itself is among them, it is recommended if it is worth using, else SBS
// alone: taking the method that did best here would be a choice with hindsight. Otherwise, of the learned
// methods worth using the fastest no worse one; without such, the one of the highest score; without any, SBS
// alone.
[[nodiscard]] Recommendation recommend(std::span<const Method> methods);

}  // namespace triage
