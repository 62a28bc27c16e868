// Pieces of the evaluation's JSON document (evaluation_json.cpp).
#pragma once

#include <nlohmann/json.hpp>

#include "triage/tools/evaluate.h"

namespace triage {

using OrderedJson = nlohmann::ordered_json;

// Null where it is not finite.
[[nodiscard]] OrderedJson figure_json(double value);
// {value, low, high}
[[nodiscard]] OrderedJson estimate_json(double value, Interval interval);
// What scores and costs count in.
[[nodiscard]] OrderedJson terms_json(const Terms& terms);
// Null where nothing but the defaults was asked.
[[nodiscard]] OrderedJson request_json(const Evaluation& evaluation);
[[nodiscard]] OrderedJson breakdown_json(const Evaluation& evaluation);
[[nodiscard]] OrderedJson reliability_json(const Evaluation& evaluation);
[[nodiscard]] OrderedJson decisions_json(const Evaluation& evaluation);

}  // namespace triage
