// Finding a method or a frontier in an evaluation.
#include <algorithm>

#include "triage/tools/evaluate.h"

namespace triage {

const Frontier* Evaluation::find_frontier(std::string_view name) const {
  const auto at =
      std::find_if(frontiers.begin(), frontiers.end(), [&](const Frontier& f) { return f.name == name; });
  return at == frontiers.end() ? nullptr : &*at;
}

const Method* Evaluation::find(std::string_view name) const {
  const auto at =
      std::find_if(methods.begin(), methods.end(), [&](const Method& m) { return m.name == name; });
  return at == methods.end() ? nullptr : &*at;
}

}  // namespace triage
