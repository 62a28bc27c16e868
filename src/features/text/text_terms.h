// The words of a text, pairs of words, and all its runs of 3 to 5 characters, hashed into places (the hashing
// trick: Weinberger et al. 2009). No vocabulary is kept, so any text in any script has terms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace triage {

inline constexpr std::size_t kTermPlaces = 16384;  // words and pairs in the first half, runs behind
inline constexpr std::size_t kTermBytes = std::size_t{1} << 16;  // of a text, so many are read

struct TextTerm {
  std::uint32_t place = 0;
  float value = 0;  // sign * log2(1 + count); signs come from the hash, so that terms in one place cancel out
};

// Kept from call to call, so that texts as long or shorter allocate nothing.
struct TermBuffers {
  std::vector<char32_t> characters;
  std::vector<float> counts;  // by place
  std::vector<std::uint32_t> seen;
};

// Rising places. Letters are taken in lower case, other characters end words, runs of spaces are one.
void text_terms(std::string_view text, TermBuffers& buffers, std::vector<TextTerm>& terms);

}  // namespace triage
