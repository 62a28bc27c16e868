#include "data/class_matcher.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace triage {
namespace {

constexpr Label kSeveral = -2;
constexpr std::size_t kWordNetDigits = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The WordNet id that a text is or begins with ("n02085620-Chihuahua"), in lower case; empty when there is
// none.
std::string wordnet_id(std::string_view text) {
  if (text.size() < kWordNetDigits + 1 || (text[0] != 'n' && text[0] != 'N')) return {};
  if (!std::all_of(text.begin() + 1, text.begin() + 1 + kWordNetDigits, is_digit)) return {};
  const bool ends = text.size() == kWordNetDigits + 1 ||
                    std::isalnum(static_cast<unsigned char>(text[kWordNetDigits + 1])) == 0;
  if (!ends) return {};
  std::string id(text.substr(0, kWordNetDigits + 1));
  id[0] = 'n';
  return id;
}

}  // namespace

std::string loose_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0) {
      out += static_cast<char>(std::tolower(byte));
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::optional<Label> parse_class_number(std::string_view text) {
  Label label = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, label);
  if (error != std::errc() || label < 0 || text.starts_with('-')) return {};
  if (rest == end) return label;
  // Tables write whole numbers as "3.0" once a cell of the column is empty.
  const std::string_view fraction(rest, static_cast<std::size_t>(end - rest));
  const bool whole = fraction[0] == '.' && fraction.find_first_not_of('0', 1) == std::string_view::npos;
  return whole ? std::optional(label) : std::nullopt;
}

ClassMatcher::ClassMatcher(const ClassList& classes) {
  for (std::size_t i = 0; i < classes.names.size(); ++i) {
    const auto label = static_cast<Label>(i);
    const std::string& name = classes.names[i];
    add(exact_, name, label);
    add(loose_, loose_name(name), label);
    for (std::size_t at = 0; name.find(',') != std::string::npos && at <= name.size();) {
      const std::size_t end = std::min(name.find(',', at), name.size());
      add(synonyms_, loose_name(name.substr(at, end - at)), label);
      at = end + 1;
    }
  }
  for (std::size_t i = 0; i < classes.ids.size(); ++i) add(ids_, classes.ids[i], static_cast<Label>(i));
}

void ClassMatcher::add(Keys& keys, std::string key, Label label) {
  if (key.empty()) return;
  const auto [known, fresh] = keys.emplace(std::move(key), label);
  if (!fresh && known->second != label) known->second = kSeveral;
}

Label ClassMatcher::look_up(std::string_view text) const {
  const auto in = [](const Keys& keys, const std::string& key) {
    const auto at = keys.find(key);
    return at == keys.end() ? kNoLabel : at->second;
  };
  Label label = in(exact_, std::string(text));
  if (label == kNoLabel) label = in(ids_, wordnet_id(text));
  const std::string loose = loose_name(text);
  if (label == kNoLabel) label = in(loose_, loose);
  if (label == kNoLabel) label = in(synonyms_, loose);
  return label;
}

Label ClassMatcher::find(std::string_view text) const {
  const Label label = look_up(text);
  return label == kSeveral ? kNoLabel : label;
}

bool ClassMatcher::is_ambiguous(std::string_view text) const { return look_up(text) == kSeveral; }

}  // namespace triage
