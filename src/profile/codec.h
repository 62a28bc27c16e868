// The blobs of a profile, byte by byte (docs/formats.md). All numbers are little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "triage/types.h"

namespace triage {

// Bytes of one listed class: u16 class, f32 probability.
inline constexpr std::size_t kEntryBytes = 6;

// The listed classes, best first, kEntryBytes each; replaces `bytes`.
void encode_top(const TopK& top, std::vector<std::uint8_t>& bytes);
// nullopt when the bytes are not what encode_top writes. An output lists min(16, n_classes) classes.
[[nodiscard]] std::optional<TopK> decode_top(std::span<const std::uint8_t> bytes, double residual,
                                             std::int32_t n_classes);

// f32 each; replaces `bytes`.
void encode_floats(std::span<const float> values, std::vector<std::uint8_t>& bytes);
// False when the bytes are not exactly values.size() finite numbers.
[[nodiscard]] bool decode_floats(std::span<const std::uint8_t> bytes, std::span<float> values);

}  // namespace triage
