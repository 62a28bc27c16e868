#include "image/exif_text.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace triage {
namespace {

// EXIF has at most 64 KB; two digits a byte, and the ends of lines. More is not unpacked.
constexpr std::size_t kMostText = std::size_t{256} << 10;

std::string unpack(std::string_view packed) {
  std::string text(kMostText, '\0');
  uLongf size = text.size();
  const int result = ::uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                                  reinterpret_cast<const Bytef*>(packed.data()), packed.size());
  text.resize(result == Z_OK ? size : 0);
  return text;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int letter = std::tolower(static_cast<unsigned char>(c)) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

// Behind a line with the kind and one with the number of bytes.
std::vector<std::uint8_t> bytes_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  for (int line = 0; line < 2; ++line) {
    const std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0) continue;
    if (high >= 0) bytes.push_back(static_cast<std::uint8_t>(16 * high + digit));
    high = high < 0 ? digit : -1;
  }
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> exif_of_text(std::span<const std::uint8_t> chunk, bool compressed) {
  const std::string_view content(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  const std::size_t end = content.find('\0');
  if (end == std::string_view::npos) return {};
  const std::string_view keyword = content.substr(0, end);
  if (keyword != "Raw profile type exif" && keyword != "Raw profile type APP1") return {};
  std::string_view text = content.substr(end + 1);
  if (compressed && text.empty()) return {};
  const std::string unpacked = compressed ? unpack(text.substr(1)) : std::string();  // after the method, 0
  if (compressed) text = unpacked;
  return text.empty() ? std::vector<std::uint8_t>() : bytes_of(text);
}

}  // namespace triage
