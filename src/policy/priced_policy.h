// What the kinds with a setting for each price share: the settings as others see them, which of them a
// request without a price gets, and what calibration has shown of that one.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "triage/policy.h"

namespace triage {

// Parameters have the members `unit`, `settings` (each with price, score and cost; 1 or more, by falling
// price), `chosen` and `certificate` (of the chosen setting). The kind checks them.
template <class Parameters>
class PricedPolicy : public Policy {
 public:
  [[nodiscard]] std::span<const PriceSetting> price_settings() const override { return prices_; }
  [[nodiscard]] CostWeights price_unit() const override { return parameters_.unit; }
  [[nodiscard]] std::optional<std::size_t> default_setting() const override { return parameters_.chosen; }
  [[nodiscard]] const Certificate* certificate() const override {
    return parameters_.certificate ? &*parameters_.certificate : nullptr;
  }
  [[nodiscard]] std::unique_ptr<Policy> with_certificate(std::size_t setting,
                                                         const Certificate& certificate) const override {
    Parameters parameters = parameters_;
    parameters.chosen = setting;
    parameters.certificate = certificate;
    return remake(std::move(parameters));
  }
  [[nodiscard]] const Parameters& parameters() const { return parameters_; }

 protected:
  PricedPolicy(PolicyInfo info, Parameters parameters)
      : Policy(std::move(info)), parameters_(std::move(parameters)) {
    for (const auto& setting : parameters_.settings) {
      prices_.push_back({setting.price, setting.score, setting.cost});
    }
  }
  // The same kind of these parameters.
  [[nodiscard]] virtual std::unique_ptr<Policy> remake(Parameters parameters) const = 0;

  Parameters parameters_;

 private:
  std::vector<PriceSetting> prices_;
};

}  // namespace triage
