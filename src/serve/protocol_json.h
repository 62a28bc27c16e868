// The Open Inference Protocol over HTTP: JSON, with the extension for binary tensors that follow it.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "serve/tensors.h"

namespace triage {

// `json_bytes`: how many bytes of the body are JSON, where binary tensors follow. Throws kUsage, naming the
// place, for anything that is no request.
[[nodiscard]] InferRequest parse_infer_request(std::string_view body,
                                               std::optional<std::size_t> json_bytes = std::nullopt);

struct InferBody {
  std::string body;
  std::optional<std::size_t> json_bytes;  // where binary tensors follow
};
// NaN, which JSON has not, becomes null; binary tensors have it.
[[nodiscard]] InferBody write_infer_response(const InferResponse& response, const InferRequest& request);

// On one line, whatever bytes its strings have.
[[nodiscard]] std::string json_text(const nlohmann::json& json);
// {"error": message}, whatever bytes are in it.
[[nodiscard]] std::string error_json(std::string_view message);

}  // namespace triage
