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

void answer_feedback(ServerContext& context, const HttpRequest& request, const HttpRespond& respond);

// Those that are on; none without feedback.
[[nodiscard]] nlohmann::json alarms_json(const ServerContext& context);
[[nodiscard]] std::vector<std::string> alarm_kinds(const ServerContext& context);

}  // namespace triage
