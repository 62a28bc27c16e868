// Pieces of the evaluation's JSON document (evaluation_json.cpp).
#pragma once

#include <nlohmann/json.hpp>

#include "triage/tools/evaluate.h"

namespace triage {

using Json = nlohmann::ordered_json;

// Null where it is not finite.
[[nodiscard]] Json figure_json(double value);
// {value, low, high}
[[nodiscard]] Json estimate_json(double value, Interval interval);
// Null where nothing but the defaults was asked.
[[nodiscard]] Json request_json(const Evaluation& evaluation);
[[nodiscard]] Json breakdown_json(const Evaluation& evaluation);
[[nodiscard]] Json reliability_json(const Evaluation& evaluation);
[[nodiscard]] Json decisions_json(const Evaluation& evaluation);

}  // namespace triage
