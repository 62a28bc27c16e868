// Finding a method or a frontier in an evaluation.
#include <algorithm>

#include "triage/tools/evaluate.h"

namespace triage {

const Method* Evaluation::find(MethodId method) const {
  const auto at =
      std::find_if(methods.begin(), methods.end(), [&](const Method& m) { return m.id == method; });
  return at == methods.end() ? nullptr : &*at;
}

const Frontier* Evaluation::find_frontier(MethodId method) const {
  const auto at =
      std::find_if(frontiers.begin(), frontiers.end(), [&](const Frontier& f) { return f.method == method; });
  return at == frontiers.end() ? nullptr : &*at;
}

}  // namespace triage
