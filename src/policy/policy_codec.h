// Policies to bytes and back (docs/formats.md, "Policy file").
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "triage/policy.h"

namespace triage {

// What is written; the formats before it are read as well.
inline constexpr int kPolicyFormat = 4;

[[nodiscard]] std::vector<std::uint8_t> encode_policy(const Policy& policy);
// Checks everything but whether this build has the features. Throws kPolicy: `<field>: <found>, expected
// <...>`.
[[nodiscard]] std::unique_ptr<Policy> decode_policy(std::span<const std::uint8_t> bytes);

// The outer map around a payload: magic, format, checksum.
[[nodiscard]] std::vector<std::uint8_t> seal_payload(std::vector<std::uint8_t> payload,
                                                     int format = kPolicyFormat);

}  // namespace triage
