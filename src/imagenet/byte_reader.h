// A cursor over untrusted bytes: every read is checked against what is left.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "triage/error.h"

namespace triage {

static_assert(std::endian::native == std::endian::little, "weights are read as little-endian");

class ByteReader {
 public:
  // `name` stands for the file in messages.
  ByteReader(std::span<const std::uint8_t> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  // The next `size` bytes. Throws kModel when fewer are left.
  std::span<const std::uint8_t> take(std::uint64_t size) {
    if (size > left())
      fail(fmt::format("{} bytes left, expected {}; the file is cut short or damaged", left(), size));
    const auto part = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += part.size();
    return part;
  }

  template <class T>
  T little_endian() {
    static_assert(std::is_integral_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  // Up to the next line feed, which is dropped. Throws kModel when there is none within `max_size` bytes.
  std::string line(std::size_t max_size) {
    for (std::size_t size = 0; size < left() && size <= max_size; ++size) {
      if (bytes_[at_ + size] != '\n') continue;
      const auto text = take(size + 1).first(size);
      return {text.begin(), text.end()};
    }
    fail(fmt::format("a name without end, expected at most {} bytes; the file is damaged", max_size));
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorCode::kModel, fmt::format("{}: at byte {}: {}", name_, at_, what));
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::string name_;
};

// The start of a text from the file, for a message; whoever prints the message makes it printable.
[[nodiscard]] inline std::string excerpt(std::string_view text) {
  constexpr std::size_t kMaxSize = 80;
  return text.size() > kMaxSize ? fmt::format("{}...", text.substr(0, kMaxSize)) : std::string(text);
}

}  // namespace triage
