#include "policy/policy_codec.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "policy/cbor.h"
#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "triage policy";
constexpr std::uint8_t kMapOf4 = 0xA4;  // how a file begins

// Adds what the kind writes, under its own name; a kind of the user's own goes under "own", a key that no
// built-in kind uses.
void encode_kind(const Policy& policy, json& payload) {
  const std::string kind(policy.kind());
  if (const auto* adaptive = dynamic_cast<const Adaptive*>(&policy)) {
    payload[kind] = encode_body(*adaptive);
  } else if (const auto* single = dynamic_cast<const Single*>(&policy)) {
    payload[kind] = encode_body(*single);
  } else if (const auto* cascade = dynamic_cast<const Cascade*>(&policy)) {
    payload[kind] = encode_body(*cascade);
  } else if (const auto* selector = dynamic_cast<const Selector*>(&policy)) {
    payload[kind] = encode_body(*selector);
  } else if (const auto* premodel = dynamic_cast<const Premodel*>(&policy)) {
    payload[kind] = encode_body(*premodel);
  } else if (const auto* forests = dynamic_cast<const ForestsPolicy*>(&policy)) {
    payload[kind] = encode_body(*forests);
  } else if (const auto* ladder = dynamic_cast<const Ladder*>(&policy)) {
    payload[kind] = encode_body(*ladder);
  } else {
    payload["own"] = encode_own(policy);
  }
}

std::unique_ptr<Policy> decode_payload(const json& payload, int format) {
  const Fields fields(payload, "");
  // From format 3 on the format number is under the checksum, so a flipped bit cannot select another decoder.
  if (const int inner = format > 2 || fields.has("format") ? fields.integer("format") : format;
      inner != format) {
    fail_field("format", format, fmt::format("{}, as in the payload; the file is damaged", inner));
  }
  PolicyInfo info = decode_info(fields, format);
  const std::string& kind = fields.text("kind");
  if (kind == "single") return decode_single(std::move(info), fields.object(kind));
  if (kind == "cascade") return decode_cascade(std::move(info), fields.object(kind));
  if (kind == "premodel") return decode_premodel(std::move(info), fields.object(kind), format);
  if (kind == "selector" && format > 1) return decode_selector(std::move(info), fields.object(kind));
  if (kind == "adaptive" && format > 2) return decode_adaptive(std::move(info), fields.object(kind), format);
  if (kind == "forests" && format > 4) return decode_forests(std::move(info), fields.object(kind));
  if (kind == "ladder" && format > 4) return decode_ladder(std::move(info), fields.object(kind));
  if (format > 4) return decode_own(std::move(info), kind, fields);
  fail_field("kind", fmt::format("'{}'", kind), "single, premodel, selector, cascade or adaptive");
}

json payload_of(const Policy& policy, const PolicyInfo& info) {
  json payload = encode_info(info);
  payload["format"] = kPolicyFormat;
  payload["kind"] = policy.kind();
  encode_kind(policy, payload);
  return payload;
}

json parse(std::span<const std::uint8_t> bytes) {
  check_cbor(bytes);
  try {
    return json::from_cbor(bytes.begin(), bytes.end());
  } catch (const json::exception& error) {
    fail_field("file", error.what(), "valid CBOR");
  }
}

std::string checksum(std::span<const std::uint8_t> payload) { return sha256_hex(std::as_bytes(payload)); }

}  // namespace

std::vector<std::uint8_t> seal_payload(std::vector<std::uint8_t> payload, int format) {
  json file{{"magic", kMagic}, {"format", format}, {"sha256", checksum(payload)}};
  file["payload"] = json::binary(std::move(payload));
  return json::to_cbor(file);
}

std::vector<std::uint8_t> encode_policy(const Policy& policy) {
  return seal_payload(json::to_cbor(payload_of(policy, policy.info())));
}

// The codecs know how to make every kind anew.
std::unique_ptr<Policy> with_times(const Policy& policy, std::span<const PolicyModel> models,
                                   const PolicyModel& best, const std::string& machine) {
  PolicyInfo info = policy.info();
  if (models.size() != info.models.size()) {
    fail_field("models", models.size(), fmt::format("{}, those of the policy", info.models.size()));
  }
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].name != info.models[i].name || models[i].fingerprint != info.models[i].fingerprint) {
      fail_field(fmt::format("models[{}]", i), fmt::format("'{}'", models[i].name),
                 fmt::format("'{}' of the same fingerprint", info.models[i].name));
    }
  }
  info.models.assign(models.begin(), models.end());
  info.best = best;
  if (info.trained_on.empty()) info.trained_on = info.machine;
  info.machine = machine;
  return decode_payload(payload_of(policy, info), kPolicyFormat);
}

std::unique_ptr<Policy> with_reuse(const Policy& policy, const std::optional<LearnedReuse>& reuse) {
  PolicyInfo info = policy.info();
  info.reuse = reuse;
  return decode_payload(payload_of(policy, info), kPolicyFormat);
}

std::unique_ptr<Policy> decode_policy(std::span<const std::uint8_t> bytes) {
  if (bytes.empty() || bytes[0] != kMapOf4) fail_field("file", "not a policy", "a CBOR map of 4 entries");
  const json file = parse(bytes);
  const Fields fields(file, "");
  if (fields.text("magic") != kMagic)
    fail_field("magic", fmt::format("'{}'", fields.text("magic")), "'triage policy'");
  const std::int32_t format = fields.integer("format");
  if (format < 1 || format > kPolicyFormat) {
    fail_field("format", format, fmt::format("1 to {}, those that this build reads", kPolicyFormat));
  }
  const Bytes& payload = fields.bytes("payload");
  if (const auto found = checksum(payload); found != fields.text("sha256")) {
    fail_field("sha256 of the payload", found, fmt::format("{}; the file is damaged", fields.text("sha256")));
  }
  return decode_payload(parse(payload), format);
}

}  // namespace triage
