// What training a policy with a setting for each price needs: the prices, what each reached, and a choice.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/policy.h"

namespace triage {

// What a policy does at a price on inputs that did not teach it.
struct PricedOutcome {
  PriceSetting setting;             // price, mean score, mean cost
  double gain = 0, gain_error = 0;  // of score over the single best model, and its standard error
};
// Of scores, costs and gains of each input, shape (n).
[[nodiscard]] PricedOutcome price_outcome(double price, std::span<const double> scores,
                                          std::span<const double> costs, std::span<const double> gains);

// The gain in the table's words, "+2.5 % (standard error 0.5)".
[[nodiscard]] std::string gain_text(const Terms& terms, const PricedOutcome& outcome);

// n > 1 prices that fall by one ratio, from that at which the cost of the single best model is worth
// 10^highest of score to that at which it is worth 10^lowest, and none (0); where it costs nothing, none
// only.
[[nodiscard]] std::vector<double> falling_prices(double highest, double lowest, int n, double best_cost);

// Position of the highest price of at most this one, else of the lowest; without a price, of the setting of
// the highest expected_worth, of gains less `margin`. Outcomes are by falling price.
[[nodiscard]] std::size_t choose_setting(std::span<const PricedOutcome> outcomes, std::optional<double> price,
                                         double best_cost, double margin);

// Throws kUsage, in the name of a kind of policy, for a price that is not finite or below 0.
void expect_price(std::string_view kind, double price);

}  // namespace triage
