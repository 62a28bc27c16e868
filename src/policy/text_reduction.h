// What a policy sees of a text: plain numbers, and its hashed terms reduced to few numbers by weights that
// training learned (learn/text/learn_text_reduction.h). They are the last features of the policy's schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/text/plain_numbers.h"
#include "features/text/text_terms.h"

namespace triage {

// What was found to pay, each with all before it. Learners need a column: where there are no other features
// and nothing of the text pays, that is one number which is always 0.
enum class TextSet : std::uint8_t { kNothing, kNumbers, kWords };

struct TextReduction {
  std::string column;  // what the text is called
  TextSet set = TextSet::kNothing;
  // kWords: of each place its weight, 0 where training saw too few texts with it (kTermPlaces); and the r
  // directions onto which weighted terms of length 1 are projected (kTermPlaces, r).
  std::vector<float> weight, direction;
  std::size_t n_directions = 0;  // r

  [[nodiscard]] std::size_t size() const;
  // Of the numbers, size() of them: "question: words", "question: term 7".
  [[nodiscard]] std::vector<std::string> names() const;
};

inline constexpr std::size_t kMostDirections = 256;

// Gives each term its weight, drops those without, and scales words and runs to length 1 each.
void weigh_terms(std::span<const float> weight, std::vector<TextTerm>& terms);

// `numbers` has shape (size()). An empty text is missing: all NaN, but the 0 of kNothing.
void reduce_text(const TextReduction& reduction, std::string_view text, std::span<float> numbers);

// Throws kPolicy, naming `field`, unless the parts fit together.
void check_text_reduction(const TextReduction& reduction, std::string_view field);

}  // namespace triage
