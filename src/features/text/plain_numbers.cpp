#include "features/text/plain_numbers.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>

#include "base/hash.h"
#include "base/utf8.h"
#include "features/text/characters.h"

namespace triage {
namespace {

constexpr std::string_view kPunctuation = ".,;:!?'\"-()";
constexpr std::string_view kMaths = "+=<>^*/%~";
constexpr std::string_view kCode = "{}[]_;#|\\&$@`=<>()";

bool is_one_of(std::string_view set, char32_t character) {
  return character < 0x80 && set.find(static_cast<char>(character)) != set.npos;
}

// Arrows, operators and the like.
bool is_maths_beyond_ascii(char32_t c) {
  return c == 0xB1 || c == 0xD7 || c == 0xF7 || (c >= 0x2190 && c <= 0x22FF);
}

// What is counted while the text is read once.
struct TextCounts {
  double characters = 0, digits = 0, spaces = 0, punctuation = 0, maths = 0, code = 0, other = 0;
  double letters = 0, upper = 0, sentences = 0, numbers = 0, questions = 0, blanks = 0;
  double words = 0, longest = 0, word_characters = 0;
  std::array<double, kScripts> scripts{};
  std::unordered_set<std::uint64_t> distinct;
};

class TextCounter {
 public:
  TextCounts count(std::string_view text) {
    while (!text.empty()) add(take_character(text));
    end_word();
    return std::move(out_);
  }

 private:
  void add(char32_t c) {
    out_.characters += 1;
    const CharacterKind kind = kind_of(c);
    const bool is_digit = kind == CharacterKind::kDigit;
    if (is_digit && !in_number_) out_.numbers += 1;
    in_number_ = is_digit;
    if (kind == CharacterKind::kLetter || is_digit) {
      add_to_word(c, kind);
    } else {
      end_word();
    }
    if (is_digit) out_.digits += 1;
    if (kind == CharacterKind::kSpace || kind == CharacterKind::kLineEnd) out_.spaces += 1;
    if (kind == CharacterKind::kOther) out_.other += 1;
    if (kind == CharacterKind::kMark) add_mark(c);
    before_ = c;
  }

  void add_mark(char32_t c) {
    if (is_one_of(kPunctuation, c)) out_.punctuation += 1;
    if (is_one_of(kMaths, c) || is_maths_beyond_ascii(c)) out_.maths += 1;
    if (is_one_of(kCode, c)) out_.code += 1;
    if (c == '?' || c == 0xFF1F) out_.questions += 1;
    if (is_one_of(".!?", c) || c == 0x3002) out_.sentences += 1;
    if (c == '_' && before_ == '_') out_.blanks += 1;
  }

  void add_to_word(char32_t c, CharacterKind kind) {
    if (kind == CharacterKind::kLetter) {
      out_.letters += 1;
      out_.scripts[static_cast<std::size_t>(script_of(c))] += 1;
      if (lower_case(c) != c) out_.upper += 1;
      if (is_word_alone(c)) end_word();
    }
    hash_ = mix64(hash_ ^ lower_case(c));
    length_ += 1;
    if (kind == CharacterKind::kLetter && is_word_alone(c)) end_word();
  }

  void end_word() {
    if (length_ == 0) return;
    out_.words += 1;
    out_.longest = std::max(out_.longest, length_);
    out_.word_characters += length_;
    out_.distinct.insert(hash_);
    length_ = 0;
    hash_ = 0;
  }

  TextCounts out_;
  bool in_number_ = false;
  char32_t before_ = 0;
  double length_ = 0;  // of the word that is being read
  std::uint64_t hash_ = 0;
};

struct LineCounts {
  double lines = 0, code = 0, lists = 0;
};

bool begins_as_code(std::string_view line) {
  constexpr std::array<std::string_view, 12> kStarts{"def ",      "class ",  "import ", "from ",
                                                     "#include",  "return ", "public ", "assert ",
                                                     "function ", "for (",   "if (",    "```"};
  return std::any_of(kStarts.begin(), kStarts.end(),
                     [&](std::string_view start) { return line.starts_with(start); });
}

// "- ", "* ", "1.", "A)" in front.
bool begins_as_list(std::string_view line) {
  if (line.starts_with("- ") || line.starts_with("* ")) return true;
  const auto first = static_cast<unsigned char>(line[0]);
  const std::size_t at = line[0] == '(' ? 2 : 1;
  return (std::isalnum(first) != 0 || first == '(') && line.size() > at &&
         (line[at] == ')' || (line[at] == '.' && line.size() > at + 1 && line[at + 1] == ' '));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  return from == text.npos ? std::string_view()
                           : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

LineCounts count_lines(std::string_view text) {
  LineCounts out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    out.lines += 1;
    const bool ends_as_code = line.back() == ';' || line.back() == '{' || line.back() == '}';
    if (ends_as_code || begins_as_code(line)) out.code += 1;
    if (begins_as_list(line)) out.lists += 1;
  }
  return out;
}

// In English; elsewhere the question mark has to say it.
bool asks_in_front(std::string_view text) {
  constexpr std::array<std::string_view, 20> kAsking{
      "what", "which", "who",  "whom", "whose", "when", "where", "why",   "how",    "is",
      "are",  "was",   "were", "do",   "does",  "did",  "can",   "could", "should", "would"};
  text = trimmed(text);
  std::string word;
  for (const char c : text.substr(0, 8)) {
    if (std::isalpha(static_cast<unsigned char>(c)) == 0) break;
    word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return std::find(kAsking.begin(), kAsking.end(), word) != kAsking.end();
}

bool is_question(std::string_view text) {
  text = trimmed(text);
  return text.ends_with('?') || text.ends_with("\xEF\xBC\x9F");
}

}  // namespace

void plain_numbers(std::string_view text, std::span<float, kPlainNumbers.size()> numbers) {
  const TextCounts counts = TextCounter().count(text);
  const LineCounts lines = count_lines(text);
  const auto share = [](double part, double all) { return all > 0 ? part / all : 0.0; };
  const auto of_characters = [&](double part) { return share(part, counts.characters); };
  const auto size = [](double count) { return std::log2(1 + count); };
  std::size_t at = 0;
  const auto put = [&](double value) { numbers[at++] = static_cast<float>(value); };
  put(size(counts.characters));
  put(size(counts.words));
  put(size(lines.lines));
  put(size(counts.sentences));
  put(size(counts.numbers));
  put(share(counts.word_characters, counts.words));
  put(size(counts.longest));
  put(share(static_cast<double>(counts.distinct.size()), counts.words));
  for (const double part :
       {counts.digits, counts.spaces, counts.punctuation, counts.maths, counts.code, counts.other})
    put(of_characters(part));
  put(share(counts.upper, counts.letters));
  for (const double letters : counts.scripts) put(share(letters, counts.letters));
  put(size(counts.questions));
  put(is_question(text) ? 1 : 0);
  put(asks_in_front(text) ? 1 : 0);
  put(share(lines.code, lines.lines));
  put(share(lines.lists, lines.lines));
  put(size(counts.blanks));
}

}  // namespace triage
