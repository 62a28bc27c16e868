// Messages of the protocol over gRPC, and what they mean.
#pragma once

#include "serve/tensors.h"

namespace inference {
class ModelInferRequest;
class ModelInferResponse;
}  // namespace inference

namespace triage {

// Moves raw tensors out of the message. Throws kUsage, naming the place, for anything that is no request.
[[nodiscard]] InferRequest take_request(inference::ModelInferRequest& message);

// Fills an empty message; tensors are raw.
void write_response(const InferResponse& response, inference::ModelInferResponse& message);

}  // namespace triage
