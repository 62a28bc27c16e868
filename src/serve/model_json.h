// A served model as the protocol's JSON describes it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "serve/serve_metrics.h"
#include "serve/served_model.h"

namespace triage {

[[nodiscard]] nlohmann::json model_json(const ServedModel& model);
// As Triton's clients ask for it.
[[nodiscard]] nlohmann::json config_json(const ServedModel& model);
[[nodiscard]] nlohmann::json statistics_json(const ServedModel& model, const ModelStatistics& counts);

}  // namespace triage
