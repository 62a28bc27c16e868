// Rejects requests that make no sense; those that cannot be met are refused by the driver.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "triage/error.h"
#include "triage/policy.h"
#include "triage/request.h"

namespace triage {
namespace {

[[noreturn]] void fail(std::string_view field, double found, const std::string& expected) {
  throw Error(ErrorCode::kUsage, fmt::format("{}: {:.4g}, expected {}", field, found, expected));
}

void check_quantile(const PolicyInfo& info, double quantile) {
  if (std::find(kTimeQuantiles.begin(), kTimeQuantiles.end(), quantile) == kTimeQuantiles.end()) {
    fail("cap_quantile", quantile, fmt::format("one of {}", fmt::join(kTimeQuantiles, ", ")));
  }
  for (const PolicyModel& model : info.models) {
    if (!std::isnan(model.time_quantile_ms(quantile))) continue;
    fail("cap_quantile", quantile,
         fmt::format(
             "0.999, as the policy knows no other quantile of the time of model '{}'; time it with 'triage "
             "time', or train again",
             model.name));
  }
}

}  // namespace

void check_request(const Policy& policy, const Request& request) {
  if (!(request.max_latency_ms >= 0)) fail("max_latency_ms", request.max_latency_ms, "0 or more");
  if (!(request.max_energy_j >= 0)) fail("max_energy_j", request.max_energy_j, "0 or more");
  if (!(request.min_confidence >= 0 && request.min_confidence <= 1)) {
    fail("min_confidence", request.min_confidence, "0 to 1");
  }
  check_quantile(policy.info(), request.cap_quantile);
  if (!(request.spent_ms >= 0)) fail("spent_ms", request.spent_ms, "0 or more");
  if (!std::isnan(request.price)) {
    if (!policy.has_prices()) {
      fail("`price`", request.price,
           fmt::format("none, as a policy of kind '{}' has no prices; train one of kind adaptive",
                       policy.kind()));
    }
    if (!(request.price >= 0)) fail("`price`", request.price, "0 or more");
  }
  const auto& models = policy.info().models;
  const bool measured =
      std::none_of(models.begin(), models.end(), [](const PolicyModel& m) { return std::isnan(m.mean_j); });
  if (!std::isinf(request.max_energy_j) && !measured) {
    fail("max_energy_j", request.max_energy_j,
         "no energy cap, as the energy of this policy's models was not measured; profile with `energy` on a "
         "machine that has a meter, and train again");
  }
}

}  // namespace triage
