#include "serve/json_size.h"

#include <fmt/format.h>

#include <cstddef>

#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kMostLevels = 32;         // a tensor of eight dimensions has eleven
constexpr std::size_t kMostLists = 1'000'000;   // and objects: 20 photographs, each pixel a list
constexpr std::size_t kMostValues = 8'000'000;  // 50 photographs

[[noreturn]] void refuse(std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kUsage, fmt::format("request: the JSON {}, expected {}", found, expected));
}

// Behind the string that begins before `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at + 1;
}

}  // namespace

void check_json_size(std::string_view text) {
  std::size_t levels = 0, lists = 0, values = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        i = end_of_string(text, i + 1) - 1;
        break;
      case '[':
      case '{':
        if (++levels > kMostLevels) refuse("is nested deeper than 32 levels", "a request of the protocol");
        ++lists;
        break;
      case ']':
      case '}':
        if (levels > 0) --levels;
        break;
      case ',':
        ++values;
        break;
      default:
        break;
    }
  }
  if (lists > kMostLists) {
    refuse(fmt::format("has {} lists and objects", lists),
           fmt::format("at most {}; send data flat, or as binary tensors", kMostLists));
  }
  if (values > kMostValues) {
    refuse(fmt::format("has more than {} values", kMostValues), "at most these; send binary tensors");
  }
}

}  // namespace triage
