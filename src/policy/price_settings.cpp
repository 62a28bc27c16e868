#include "policy/price_settings.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "policy/checks.h"

namespace triage {

void check_price_settings(std::string_view kind, std::span<const PriceSetting> settings, std::size_t chosen) {
  const std::string field = fmt::format("{}.settings", kind);
  if (settings.empty()) fail_field(field, "none", "at least one");
  if (chosen >= settings.size()) {
    fail_field(fmt::format("{}.chosen", kind), chosen, fmt::format("below {}", settings.size()));
  }
  double before = std::numeric_limits<double>::infinity();
  for (const PriceSetting& setting : settings) {
    if (!(setting.price >= 0 && setting.price < before)) {
      fail_field(field, setting.price, "falling prices of 0 or more");
    }
    if (!std::isfinite(setting.score) || !std::isfinite(setting.cost)) {
      fail_field(field, setting.score, "finite scores and costs");
    }
    before = setting.price;
  }
}

void check_certificate(std::string_view kind, const std::optional<Certificate>& certificate) {
  if (!certificate) return;
  const std::string field = fmt::format("{}.certificate", kind);
  for (const double share : {certificate->max_loss, certificate->delta}) {
    if (!(share > 0 && share < 1)) fail_field(field, share, "shares between 0 and 1");
  }
  for (const double seen : {certificate->mean_loss, certificate->mean_ms}) {
    if (!std::isfinite(seen)) fail_field(field, seen, "finite numbers");
  }
  if (certificate->per.empty() == (certificate->groups > 0)) {
    fail_field(field + ".groups", certificate->groups, "some where it says of what, else none");
  }
}

std::size_t setting_at(std::span<const PriceSetting> settings, double price) {
  const auto at = std::find_if(settings.begin(), settings.end(),
                               [&](const PriceSetting& setting) { return setting.price <= price; });
  return static_cast<std::size_t>((at == settings.end() ? at - 1 : at) - settings.begin());
}

}  // namespace triage
