// POST /feedback and GET /v2/feedback.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "http/http_message.h"
#include "serve/feedback.h"
#include "serve/infer.h"

namespace triage {

// Of {"request_id": ..., "label": class or its name | "score": 0..1, "input": position}: one, a list of them,
// or one a line. Throws kUsage, naming the item, for anything else.
[[nodiscard]] std::vector<FeedbackItem> parse_feedback(std::string_view body);

// Answers later, from another thread. Throws as parse_feedback.
void take_feedback(Feedback& feedback, std::string_view body, const HttpRespond& respond);
void show_feedback(Feedback& feedback, const HttpRespond& respond);  // the running figures

// Those that are on; none without feedback.
[[nodiscard]] nlohmann::json alarms_json(const ServerContext& context);
[[nodiscard]] std::vector<std::string> alarm_kinds(const ServerContext& context);

}  // namespace triage
