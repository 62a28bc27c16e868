// The policy that runs one model on everything.
#pragma once

#include "triage/policy.h"

namespace triage {

class Single final : public Policy {
 public:
  Single(PolicyInfo info, ModelIndex model);
  [[nodiscard]] std::string_view kind() const override { return "single"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;
  [[nodiscard]] std::vector<OrderedLook> look_order(const Request&) const override { return {{model_}}; }
  [[nodiscard]] ModelIndex model() const { return model_; }

 private:
  ModelIndex model_;
};

}  // namespace triage
