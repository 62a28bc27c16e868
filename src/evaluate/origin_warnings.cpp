#include "evaluate/origin_warnings.h"

#include "triage/tools/profile.h"

namespace triage {

void add_origin_warnings(const Table& table, const Policy& policy, MethodId method, Criterion criterion,
                         std::vector<Warning>& warnings) {
  const PolicyInfo& info = policy.info();
  if (info.criterion != criterion) {
    warnings.push_back({.kind = WarningKind::kOtherCriterion, .method = method, .criterion = info.criterion});
  }
  if (info.training.labels_from != table.labels_from) {
    warnings.push_back(
        {.kind = WarningKind::kOtherLabels, .method = method, .text = info.training.labels_from});
  }
  const std::string& trained_on = info.trained_on.empty() ? info.machine : info.trained_on;
  if (!same_machine(trained_on, table.machine)) {
    warnings.push_back({.kind = WarningKind::kOtherMachine, .method = method, .text = trained_on});
  }
}

}  // namespace triage
