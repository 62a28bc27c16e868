// Characters of texts, sorted into what features of texts count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace triage {

// Scripts by the blocks of Unicode that most of their letters stand in.
enum class Script : std::uint8_t {
  kLatin,
  kGreek,
  kCyrillic,
  kSemitic,
  kIndic,
  kHan,
  kKana,
  kHangul,
  kOther
};
inline constexpr std::size_t kScripts = 9;

enum class CharacterKind : std::uint8_t { kLetter, kDigit, kSpace, kLineEnd, kMark, kOther };

[[nodiscard]] CharacterKind kind_of(char32_t character);
[[nodiscard]] Script script_of(char32_t letter);
// Upper case of Latin, Greek and Cyrillic letters in lower case; others as they are.
[[nodiscard]] char32_t lower_case(char32_t character);
// A letter that is a word by itself, since words of its script are written without spaces between them.
[[nodiscard]] bool is_word_alone(char32_t letter);

}  // namespace triage
