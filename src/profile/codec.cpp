#include "profile/codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "triage/error.h"

namespace triage {
namespace {

void put_u32(std::uint32_t value, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t get_u32(const std::uint8_t* in) {
  return static_cast<std::uint32_t>(in[0]) | static_cast<std::uint32_t>(in[1]) << 8 |
         static_cast<std::uint32_t>(in[2]) << 16 | static_cast<std::uint32_t>(in[3]) << 24;
}

}  // namespace

void encode_top(const TopK& top, std::vector<std::uint8_t>& bytes) {
  bytes.resize(top.entries().size() * kEntryBytes);
  std::uint8_t* out = bytes.data();
  for (const ClassProbability& entry : top.entries()) {
    out[0] = static_cast<std::uint8_t>(entry.cls);
    out[1] = static_cast<std::uint8_t>(entry.cls >> 8);
    put_u32(std::bit_cast<std::uint32_t>(entry.probability), out + 2);
    out += kEntryBytes;
  }
}

std::optional<TopK> decode_top(std::span<const std::uint8_t> bytes, double residual, std::int32_t n_classes) {
  const std::size_t count = static_cast<std::size_t>(std::min(n_classes, kTopK));
  if (bytes.size() != count * kEntryBytes) return std::nullopt;
  std::array<ClassProbability, kTopK> entries;
  const std::uint8_t* in = bytes.data();
  for (std::size_t i = 0; i < count; ++i, in += kEntryBytes) {
    entries[i] = {in[0] | in[1] << 8, std::bit_cast<float>(get_u32(in + 2))};
    const auto listed = std::span(entries).first(i);
    if (std::any_of(listed.begin(), listed.end(), [&](const auto& e) { return e.cls == entries[i].cls; }))
      return std::nullopt;
  }
  // Each class has at most 1.
  if (!(residual >= 0.0 && residual <= n_classes)) return std::nullopt;
  try {
    return TopK::from_parts({entries.data(), count}, static_cast<float>(residual), n_classes);
  } catch (const Error&) {
    return std::nullopt;  // the caller names the file and the input
  }
}

void encode_floats(std::span<const float> values, std::vector<std::uint8_t>& bytes) {
  bytes.resize(values.size() * 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    put_u32(std::bit_cast<std::uint32_t>(values[i]), bytes.data() + 4 * i);
  }
}

bool decode_floats(std::span<const std::uint8_t> bytes, std::span<float> values) {
  if (bytes.size() != values.size() * 4) return false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::bit_cast<float>(get_u32(bytes.data() + 4 * i));
    if (!std::isfinite(values[i])) return false;
  }
  return true;
}

}  // namespace triage
