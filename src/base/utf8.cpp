#include "base/utf8.h"

#include <algorithm>
#include <cstddef>

namespace triage {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

// Of a character that begins here; 0: none does.
std::size_t length_of_character(std::string_view text) {
  const unsigned first = byte_at(text, 0);
  if (first < 0x80) return 1;
  const std::size_t n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte_at(text, i) & 0xC0U) != 0x80) return 0;
  }
  const unsigned second = byte_at(text, 1);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return is_overlong || is_beyond ? 0 : n;
}

}  // namespace

char32_t take_character(std::string_view& text) {
  const std::size_t n = length_of_character(text);
  if (n <= 1) {
    const unsigned byte = byte_at(text, 0);
    text.remove_prefix(1);
    return n == 1 ? byte : 0xFFFDU;
  }
  unsigned character = byte_at(text, 0) & (0xFFU >> (n + 1));
  for (std::size_t i = 1; i < n; ++i) character = character << 6 | (byte_at(text, i) & 0x3FU);
  text.remove_prefix(n);
  return character;
}

bool is_utf8(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return true;
  while (!text.empty()) {
    const std::size_t n = length_of_character(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

}  // namespace triage
