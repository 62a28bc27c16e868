#include "features/text/text_terms.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/utf8.h"
#include "features/text/characters.h"

namespace triage {
namespace {

constexpr std::uint64_t kHalf = kTermPlaces / 2;
constexpr std::size_t kShortestRun = 3, kLongestRun = 5;

bool is_of_word(CharacterKind kind) {
  return kind == CharacterKind::kLetter || kind == CharacterKind::kDigit;
}

// In lower case, between spaces, with single ones inside.
void read_characters(std::string_view text, std::vector<char32_t>& characters) {
  characters.assign(1, ' ');
  while (!text.empty()) {
    const char32_t c = take_character(text);
    const CharacterKind kind = kind_of(c);
    const bool is_space = kind == CharacterKind::kSpace || kind == CharacterKind::kLineEnd;
    if (!is_space) {
      characters.push_back(lower_case(c));
    } else if (characters.back() != ' ') {
      characters.push_back(' ');
    }
  }
  if (characters.back() != ' ') characters.push_back(' ');
}

class TermCounter {
 public:
  explicit TermCounter(TermBuffers& buffers) : buffers_(buffers) {
    buffers_.counts.resize(kTermPlaces);  // all 0 between texts
    buffers_.seen.clear();
  }

  void add_words() {
    std::uint64_t word = 0, before = 0;
    const auto end_word = [&] {
      if (word == 0) return;
      add(word, 0);
      if (before != 0) add(mix64(before) ^ word, 0);
      before = word;
      word = 0;
    };
    for (const char32_t c : buffers_.characters) {
      const CharacterKind kind = kind_of(c);
      const bool stands_alone = kind == CharacterKind::kLetter && is_word_alone(c);
      if (!is_of_word(kind) || stands_alone) end_word();
      if (is_of_word(kind)) word = mix64(word ^ c);
      if (stands_alone) end_word();
    }
    end_word();
  }

  void add_runs() {
    const auto& characters = buffers_.characters;
    for (std::size_t i = 0; i + kShortestRun <= characters.size(); ++i) {
      std::uint64_t run = 0;
      const std::size_t most = std::min(kLongestRun, characters.size() - i);
      for (std::size_t j = 0; j < most; ++j) {
        run = (run ^ characters[i + j]) * 0x9E3779B97F4A7C15ULL;
        run ^= run >> 29;
        if (j + 1 >= kShortestRun) add(mix64(run + j), kHalf);
      }
    }
  }

  void finish(std::vector<TextTerm>& terms) {
    std::sort(buffers_.seen.begin(), buffers_.seen.end());
    terms.clear();
    for (const std::uint32_t place : buffers_.seen) {
      float& count = buffers_.counts[place];
      // Seen again after having cancelled out, it is listed twice.
      if (count != 0) terms.push_back({place, std::copysign(std::log2(1 + std::abs(count)), count)});
      count = 0;
    }
  }

 private:
  void add(std::uint64_t hash, std::uint64_t first) {
    const auto place = static_cast<std::uint32_t>(first + hash % kHalf);
    float& count = buffers_.counts[place];
    if (count == 0) buffers_.seen.push_back(place);
    count += hash >> 63 == 0 ? 1.0F : -1.0F;
  }

  TermBuffers& buffers_;
};

}  // namespace

void text_terms(std::string_view text, TermBuffers& buffers, std::vector<TextTerm>& terms) {
  read_characters(text.substr(0, kTermBytes), buffers.characters);
  TermCounter counter(buffers);
  counter.add_words();
  counter.add_runs();
  counter.finish(terms);
}

}  // namespace triage
