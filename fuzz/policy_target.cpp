// Policy files: with their own checksum and, since that keeps nearly everything out, with a right one. What
// loads is used, as a policy that loads must not fail later.
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz_target.h"
#include "policy/cbor.h"
#include "policy/policy_codec.h"
#include "runtime/driver.h"
#include "triage/clock.h"
#include "triage/error.h"
#include "triage/request.h"

namespace triage::fuzz {
namespace {

// Every model says each of the classes in turn.
class AnyBackend final : public Backend {
 public:
  AnyBackend(const Policy& policy, std::int32_t cls) : policy_(&policy), cls_(cls) {}
  Cost extract(FeatureMask, std::span<float> values) override {
    for (float& value : values) value = 0.25F * static_cast<float>(cls_);
    return {.ms = 1, .j = 0};
  }
  Look run(ModelIndex model) override {
    std::int32_t n_classes = policy_->choices_of(model);
    if (n_classes == 0) n_classes = std::min(policy_->info().n_classes, 100);
    if (n_classes == 0) n_classes = 10;
    std::vector<float> probabilities(static_cast<std::size_t>(n_classes), 0.1F);
    probabilities[static_cast<std::size_t>(cls_ % n_classes)] = 0.5F;
    Look look;
    look.model = model;
    look.output = TopK::from_probabilities(probabilities);
    look.confidence = look.output.confidence();
    look.cost = {.ms = 1, .j = 1};
    return look;
  }

 private:
  const Policy* policy_;
  std::int32_t cls_;
};

void use(const Policy& policy) {
  FakeClock clock;
  for (const double max_latency_ms : {1e9, 2.0}) {
    for (std::int32_t cls = 0; cls < 4; ++cls) {
      AnyBackend backend(policy, cls);
      Result result;
      Request request;
      request.explain = true;
      request.max_latency_ms = max_latency_ms;
      drive(policy, backend, clock, result, request);
    }
  }
}

// The payload in its envelope, as it stands; empty where there is none.
Bytes payload_of(std::span<const std::uint8_t> bytes, int& format) {
  try {
    check_cbor(bytes);
  } catch (const Error&) {
    return {};
  }
  const auto file = nlohmann::json::from_cbor(bytes.begin(), bytes.end(), true, false);
  if (!file.is_object() || !file.contains("payload") || !file["payload"].is_binary()) return {};
  format = file.value("format", nlohmann::json()).is_number_integer()
               ? static_cast<int>(file["format"].get<std::int64_t>())
               : kPolicyFormat;
  return file["payload"].get_binary();
}

}  // namespace

void read_policy(std::span<const std::uint8_t> bytes) {
  int format = kPolicyFormat;
  const Bytes payload = payload_of(bytes, format);
  if (payload.empty()) return use(*decode_policy(bytes));
  (void)outcome_of([](std::span<const std::uint8_t> as_is) { use(*decode_policy(as_is)); }, bytes);
  use(*decode_policy(seal_payload(payload, format)));
}

}  // namespace triage::fuzz
