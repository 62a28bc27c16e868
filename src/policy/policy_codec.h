// Policies to bytes and back (docs/formats.md, "Policy file").
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/error.h"
#include "triage/policy.h"

namespace triage {

inline constexpr std::array<std::string_view, 7> kBuiltInKinds{"single",  "premodel", "selector", "cascade",
                                                               "forests", "ladder",   "adaptive"};

// Thrown for a file that needs a codec of the user's own. Training again would not help.
class MissingCodec : public Error {
 public:
  explicit MissingCodec(const std::string& message) : Error(ErrorCode::kPolicy, message) {}
};

// What is written; the formats before it are read as well.
inline constexpr int kPolicyFormat = 5;

// The outer map around a payload: magic, format, checksum.
[[nodiscard]] std::vector<std::uint8_t> seal_payload(std::vector<std::uint8_t> payload,
                                                     int format = kPolicyFormat);

}  // namespace triage
