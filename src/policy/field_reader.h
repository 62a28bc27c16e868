// The parts of a policy file as JSON values: arrays of numbers as bytes, and reading with messages that name
// the field.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "policy/checks.h"
#include "triage/types.h"

namespace triage {

using Bytes = std::vector<std::uint8_t>;

// ---- 32-bit and 64-bit values as little-endian bytes ----

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <class T>
[[nodiscard]] nlohmann::json to_binary(std::span<const T> values) {
  Bytes bytes;
  bytes.reserve(values.size() * sizeof(T));
  for (const T value : values) {
    const auto bits = std::bit_cast<BitsOf<T>>(value);
    for (std::size_t b = 0; b < sizeof(T); ++b) bytes.push_back(static_cast<std::uint8_t>(bits >> (8 * b)));
  }
  return nlohmann::json::binary(std::move(bytes));
}

template <class T>
[[nodiscard]] std::vector<T> from_binary(std::span<const std::uint8_t> bytes, std::string_view field) {
  constexpr std::size_t kSize = sizeof(T);
  if (bytes.size() % kSize != 0) {
    fail_field(field, fmt::format("{} bytes", bytes.size()), fmt::format("a multiple of {}", kSize));
  }
  std::vector<T> values(bytes.size() / kSize);
  for (std::size_t i = 0; i < values.size(); ++i) {
    BitsOf<T> bits = 0;
    for (std::size_t b = 0; b < kSize; ++b) bits |= static_cast<BitsOf<T>>(bytes[kSize * i + b]) << (8 * b);
    values[i] = std::bit_cast<T>(bits);
  }
  return values;
}

// Bytes as they are: classes of at most 256.
[[nodiscard]] inline nlohmann::json to_bytes(std::span<const std::uint8_t> values) {
  return nlohmann::json::binary(Bytes(values.begin(), values.end()));
}

// A number that may be missing (NaN).
[[nodiscard]] inline nlohmann::json optional_number(double value) {
  return std::isnan(value) ? nlohmann::json(nullptr) : nlohmann::json(value);
}

// A map. All throw kPolicy with the field's name.
class Fields {
 public:
  Fields(const nlohmann::json& object, std::string path);
  [[nodiscard]] std::string name(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] bool is_null(std::string_view key) const { return at(key).is_null(); }
  [[nodiscard]] const nlohmann::json& at(std::string_view key) const;
  [[nodiscard]] Fields object(std::string_view key) const { return {at(key), name(key)}; }
  [[nodiscard]] const nlohmann::json& array(std::string_view key) const;
  // The maps of an array.
  [[nodiscard]] std::vector<Fields> objects(std::string_view key) const;
  // The numbers of an array.
  [[nodiscard]] std::vector<double> numbers(std::string_view key) const;
  // The integers of 0 or more of an array.
  [[nodiscard]] std::vector<std::size_t> counts(std::string_view key) const;
  [[nodiscard]] const std::string& text(std::string_view key) const;
  // The texts of an array.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  // One of the values, by to_string(value).
  template <class Enum>
  [[nodiscard]] Enum one_of(std::string_view key, std::initializer_list<Enum> values) const {
    std::string expected;
    for (const Enum value : values) {
      if (text(key) == to_string(value)) return value;
      expected += (expected.empty() ? "" : " or ") + std::string(to_string(value));
    }
    fail_field(name(key), fmt::format("'{}'", text(key)), expected);
  }
  // A text that parse_cost() reads.
  [[nodiscard]] CostWeights cost(std::string_view key) const;
  [[nodiscard]] CostWeights cost_or_time(std::string_view key) const;  // where there is none: time
  [[nodiscard]] double number(std::string_view key) const;
  // NaN for null.
  [[nodiscard]] double number_or_nan(std::string_view key) const;
  // Nothing for null.
  [[nodiscard]] std::optional<double> number_or_none(std::string_view key) const;
  [[nodiscard]] std::int32_t integer(std::string_view key) const;
  // Any of 0 or more, up to 64 bits; nothing for null.
  [[nodiscard]] std::optional<std::uint64_t> unsigned_or_none(std::string_view key) const;
  // An integer of 0 or more.
  [[nodiscard]] std::size_t count(std::string_view key) const;
  [[nodiscard]] bool boolean(std::string_view key) const;
  [[nodiscard]] const Bytes& bytes(std::string_view key) const;
  template <class T>
  [[nodiscard]] std::vector<T> values(std::string_view key) const {
    return from_binary<T>(bytes(key), name(key));
  }

 private:
  const nlohmann::json* object_;
  std::string path_;
};

}  // namespace triage
