#include "learn/priced_outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "learn/worth.h"
#include "policy/price_settings.h"
#include "stats/mean.h"
#include "triage/error.h"

namespace triage {

PricedOutcome price_outcome(double price, std::span<const double> scores, std::span<const double> costs,
                            std::span<const double> gains) {
  return {{price, mean(scores), mean(costs)},
          mean(gains),
          standard_deviation(gains) / std::sqrt(static_cast<double>(gains.size()))};
}

std::string gain_text(const Terms& terms, const PricedOutcome& outcome) {
  const double gain = terms.shown_gain(outcome.gain) + 0.0;  // no "-0"
  return fmt::format("{:+.4g}{}{} (standard error {:.4g})", gain, terms.score_unit.empty() ? "" : " ",
                     terms.score_unit, std::abs(terms.shown_gain(outcome.gain_error)));
}

std::vector<double> falling_prices(double highest, double lowest, int n, double best_cost) {
  std::vector<double> prices;
  for (int step = 0; step < n && best_cost > 0; ++step) {
    prices.push_back(std::pow(10.0, highest + (lowest - highest) * step / (n - 1)) / best_cost);
  }
  prices.push_back(0);
  return prices;
}

std::size_t choose_setting(std::span<const PricedOutcome> outcomes, std::optional<double> price,
                           double best_cost, double margin) {
  if (price) {
    std::vector<PriceSetting> settings;
    for (const PricedOutcome& outcome : outcomes) settings.push_back(outcome.setting);
    return setting_at(settings, *price);
  }
  const auto worth = [&](const PricedOutcome& outcome) {
    return expected_worth(outcome.gain - margin, outcome.gain_error,
                          best_cost > 0 ? outcome.setting.cost / best_cost : 1);
  };
  const auto best =
      std::max_element(outcomes.begin(), outcomes.end(),
                       [&](const PricedOutcome& a, const PricedOutcome& b) { return worth(a) < worth(b); });
  return static_cast<std::size_t>(best - outcomes.begin());
}

void expect_price(std::string_view kind, double price) {
  if (std::isfinite(price) && price >= 0) return;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("{}: price {:.4g}, expected a finite score a unit of cost, 0 or more", kind, price));
}

}  // namespace triage
