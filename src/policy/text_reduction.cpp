#include "policy/text_reduction.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "policy/checks.h"
#include "triage/choose.h"

namespace triage {
namespace {

struct TextScratch {
  TermBuffers buffers;
  std::vector<TextTerm> terms;
};

void scale_to_length_1(std::span<TextTerm> terms) {
  double squares = 0;
  for (const TextTerm& term : terms)
    squares += static_cast<double>(term.value) * static_cast<double>(term.value);
  if (squares <= 0) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (TextTerm& term : terms) term.value *= scale;
}

void project(const TextReduction& reduction, std::string_view text, std::span<float> out) {
  thread_local TextScratch scratch;
  text_terms(text, scratch.buffers, scratch.terms);
  weigh_terms(reduction.weight, scratch.terms);
  std::fill(out.begin(), out.end(), 0.0F);
  for (const TextTerm& term : scratch.terms) {
    const float* direction = &reduction.direction[term.place * reduction.n_directions];
    for (std::size_t j = 0; j < out.size(); ++j) out[j] += term.value * direction[j];
  }
}

}  // namespace

std::size_t TextReduction::size() const {
  return set == TextSet::kNothing ? 1 : kPlainNumbers.size() + n_directions;
}

std::vector<std::string> TextReduction::names() const {
  if (set == TextSet::kNothing) return {fmt::format("{}: nothing", column)};
  std::vector<std::string> names;
  for (const std::string_view name : kPlainNumbers) names.push_back(fmt::format("{}: {}", column, name));
  for (std::size_t j = 0; j < n_directions; ++j) names.push_back(fmt::format("{}: term {}", column, j + 1));
  return names;
}

void weigh_terms(std::span<const float> weight, std::vector<TextTerm>& terms) {
  for (TextTerm& term : terms) term.value *= weight[term.place];
  std::erase_if(terms, [](const TextTerm& term) { return term.value == 0; });
  const auto runs = std::partition_point(terms.begin(), terms.end(),
                                         [](const TextTerm& term) { return term.place < kTermPlaces / 2; });
  const auto n_words = static_cast<std::size_t>(runs - terms.begin());
  scale_to_length_1(std::span(terms).first(n_words));
  scale_to_length_1(std::span(terms).subspan(n_words));
}

void reduce_text(const TextReduction& reduction, std::string_view text, std::span<float> numbers) {
  TRIAGE_CHECK(numbers.size() == reduction.size());
  if (reduction.set == TextSet::kNothing) {
    numbers[0] = 0;
    return;
  }
  if (text.empty()) {
    std::fill(numbers.begin(), numbers.end(), std::numeric_limits<float>::quiet_NaN());
    return;
  }
  plain_numbers(text, numbers.first<kPlainNumbers.size()>());
  if (reduction.n_directions > 0) project(reduction, text, numbers.subspan(kPlainNumbers.size()));
}

void check_text_reduction(const TextReduction& reduction, std::string_view field) {
  if (reduction.column.empty()) fail_field(fmt::format("{}.column", field), "''", "the text's name");
  const std::size_t r = reduction.n_directions;
  if (r > kMostDirections || (r > 0) != (reduction.set == TextSet::kWords)) {
    fail_field(fmt::format("{}.directions", field), r,
               fmt::format("1 to {} with words, else none", kMostDirections));
  }
  const std::size_t places = r > 0 ? kTermPlaces : 0;
  if (reduction.weight.size() != places || reduction.direction.size() != places * r) {
    fail_field(field,
               fmt::format("{} weights and {} numbers of directions", reduction.weight.size(),
                           reduction.direction.size()),
               fmt::format("{} and {}", places, places * r));
  }
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(reduction.weight.begin(), reduction.weight.end(), is_finite) ||
      !std::all_of(reduction.direction.begin(), reduction.direction.end(), is_finite)) {
    fail_field(field, "a number that is not finite", "finite ones");
  }
}

TextNumbers text_numbers(const PolicyInfo& policy) {
  return policy.text == nullptr ? TextNumbers{} : TextNumbers{policy.text->column, policy.text->size()};
}

void text_features(const Policy& policy, std::string_view text, std::span<float> numbers) {
  const std::size_t expected = text_numbers(policy.info()).count;
  if (numbers.size() != expected) {
    throw Error(ErrorCode::kUsage, fmt::format("text: room for {} numbers, expected {}, those of the policy",
                                               numbers.size(), expected));
  }
  if (expected > 0) reduce_text(*policy.info().text, text, numbers);
}

}  // namespace triage
