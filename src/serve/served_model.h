// What one name on the server stands for: a policy on images with its zoo, one network of that zoo, or a
// policy that chooses among models by the rows of a table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/tensors.h"
#include "triage/classifier.h"
#include "triage/policy.h"

namespace triage {

// Immutable; safe concurrently.
struct ServedModel {
  std::string name;
  std::string version;  // changes whenever answers may: of the policy's bytes, or the network's fingerprint
  std::shared_ptr<const Policy> policy;
  std::optional<Classifier> classifier;  // none: a policy on rows

  [[nodiscard]] bool takes_images() const { return classifier.has_value(); }
  [[nodiscard]] std::string platform() const;  // "triage_adaptive", by the kind of policy
  [[nodiscard]] std::vector<TensorInfo> inputs() const;
  [[nodiscard]] std::vector<TensorInfo> outputs() const;
};

// A policy on a runtime. Throws kPolicy as Classifier does.
[[nodiscard]] ServedModel served_policy(std::string name, std::shared_ptr<const Policy> policy,
                                        std::shared_ptr<Runtime> runtime);
// Whether it is of an imported table: it chooses by rows, and no image is needed.
[[nodiscard]] bool is_of_table(const Policy& policy);
[[nodiscard]] ServedModel served_chooser(std::string name, std::shared_ptr<const Policy> policy);
// Model `position` of the runtime's zoo, on every input.
[[nodiscard]] ServedModel served_network(std::shared_ptr<Runtime> runtime, ModelIndex position);

// A picture of a request: encoded, or its pixels. It points into the request.
struct ServedImage {
  std::span<const std::uint8_t> encoded;  // empty: `pixels`
  ImageView pixels;
};
// The pictures of a request's only input. FP32 pixels, from 0 to 255, are rounded to bytes inside `request`.
// Throws kUsage, naming the tensor, for anything but BYTES (n) or (n, 1) with encoded pictures, and UINT8 or
// FP32 of shape (n, height, width, channels) or (height, width, channels), channels 1 or 3 (RGB).
[[nodiscard]] std::vector<ServedImage> images_of(InferRequest& request);

// What the caller wants, from the parameters of a request (max_latency_ms, min_confidence, price,
// max_energy_j, explain; `timeout`, in microseconds, as Triton's clients send it). Throws kUsage, naming the
// parameter, for one that is not known, and of another type.
[[nodiscard]] Request request_of(const Parameters& parameters);

// Throws kUsage for an output that is asked for and that there is not.
void check_outputs(const ServedModel& model, const InferRequest& request);
// Outputs of results, (n) each, but `probabilities`, (n, classes); those asked for, or all. Throws as
// check_outputs.
[[nodiscard]] std::vector<Tensor> outputs_of(const ServedModel& model, const InferRequest& request,
                                             std::span<const Result> results);
// Chooses for the rows of the request's only input, FP32 (n, d), and gives the outputs asked for, or all.
// Throws kUsage for another shape.
[[nodiscard]] std::vector<Tensor> choices_of(const ServedModel& model, const InferRequest& request,
                                             const Request& wanted);

}  // namespace triage
