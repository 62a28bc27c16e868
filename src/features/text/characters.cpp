#include "features/text/characters.h"

namespace triage {
namespace {

constexpr bool is_within(char32_t character, char32_t first, char32_t last) {
  return character >= first && character <= last;
}

bool is_ascii_letter(char32_t c) { return is_within(c | 0x20U, 'a', 'z') && c < 0x80; }

// Spaces, punctuation, symbols and private characters beyond ASCII; the rest is taken for letters.
bool is_mark_beyond_ascii(char32_t c) {
  return is_within(c, 0x80, 0xBF) || c == 0xD7 || c == 0xF7 || is_within(c, 0x2000, 0x2BFF) ||
         is_within(c, 0x3000, 0x3020) || is_within(c, 0xFE10, 0xFE6F) || is_within(c, 0xFF01, 0xFF20);
}

bool is_unknown(char32_t c) {
  return is_within(c, 0xE000, 0xF8FF) || is_within(c, 0xFFF0, 0xFFFF) || c >= 0x1F000;
}

}  // namespace

CharacterKind kind_of(char32_t c) {
  if (c < 0x80) {
    if (is_ascii_letter(c)) return CharacterKind::kLetter;
    if (is_within(c, '0', '9')) return CharacterKind::kDigit;
    if (c == '\n') return CharacterKind::kLineEnd;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') return CharacterKind::kSpace;
    return c > ' ' && c < 0x7F ? CharacterKind::kMark : CharacterKind::kOther;
  }
  if (c == 0xA0 || c == 0x3000 || is_within(c, 0x2000, 0x200B)) return CharacterKind::kSpace;
  // Han beyond the first plane stands behind the pictures of U+1F000 and on.
  if (is_within(c, 0x20000, 0x3FFFF)) return CharacterKind::kLetter;
  if (is_unknown(c)) return CharacterKind::kOther;
  return is_mark_beyond_ascii(c) ? CharacterKind::kMark : CharacterKind::kLetter;
}

Script script_of(char32_t c) {
  if (c < 0x250 || is_within(c, 0x1E00, 0x1EFF)) return Script::kLatin;
  if (is_within(c, 0x370, 0x3FF) || is_within(c, 0x1F00, 0x1FFF)) return Script::kGreek;
  if (is_within(c, 0x400, 0x52F)) return Script::kCyrillic;
  if (is_within(c, 0x590, 0x8FF)) return Script::kSemitic;
  if (is_within(c, 0x900, 0xDFF)) return Script::kIndic;
  if (is_within(c, 0x3040, 0x30FF)) return Script::kKana;
  if (is_within(c, 0x1100, 0x11FF) || is_within(c, 0xAC00, 0xD7AF)) return Script::kHangul;
  const bool is_han =
      is_within(c, 0x3400, 0x9FFF) || is_within(c, 0xF900, 0xFAFF) || is_within(c, 0x20000, 0x3FFFF);
  return is_han ? Script::kHan : Script::kOther;
}

char32_t lower_case(char32_t c) {
  const bool is_upper = is_within(c, 'A', 'Z') || (is_within(c, 0xC0, 0xDE) && c != 0xD7) ||
                        is_within(c, 0x391, 0x3A9) || is_within(c, 0x410, 0x42F);
  if (is_upper) return c + 0x20;
  return is_within(c, 0x400, 0x40F) ? c + 0x50 : c;
}

bool is_word_alone(char32_t letter) {
  const Script script = script_of(letter);
  return script == Script::kHan || script == Script::kKana;
}

}  // namespace triage
