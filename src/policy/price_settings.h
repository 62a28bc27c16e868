// What policies with a setting for each price have in common.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "triage/policy.h"

namespace triage {

// One or more, by falling price, and a position among them. Throws kPolicy in the name of a kind of policy.
void check_price_settings(std::string_view kind, std::span<const PriceSetting> settings, std::size_t chosen);

// In the name of a kind of policy: throws kPolicy for shares out of range, and for groups without what they
// are of.
void check_certificate(std::string_view kind, const std::optional<Certificate>& certificate);

// Of settings by falling price: the highest of at most this price, else the lowest.
[[nodiscard]] std::size_t setting_at(std::span<const PriceSetting> settings, double price);

}  // namespace triage
