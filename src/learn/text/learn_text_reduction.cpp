#include "learn/text/learn_text_reduction.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/parallel.h"
#include "base/stop.h"
#include "stats/principal_directions.h"
#include "table/row_order.h"

namespace triage {
namespace {

constexpr std::size_t kMostTexts = 10'000;
constexpr std::size_t kDirections = 60, kTextsADirection = 10;
constexpr std::size_t kFewestTexts = 3;  // that have a term

std::vector<std::uint32_t> drawn_texts(const Table& table, Rows rows, std::uint64_t seed) {
  std::vector<std::uint32_t> drawn;
  for (const std::uint32_t row : shuffled_rows(table, rows, seed)) {
    if (drawn.size() < kMostTexts && !table.texts[row].empty()) drawn.push_back(row);
  }
  return drawn;
}

std::vector<std::vector<TextTerm>> all_terms(const Table& table, Rows rows, unsigned threads,
                                             const std::stop_token& stop) {
  std::vector<std::vector<TextTerm>> terms(rows.size());
  for_each_parallel(rows.size(), threads, [&] {
    return [&, buffers = TermBuffers()](std::size_t i) mutable {
      throw_if_stopped(stop, "train");
      text_terms(table.texts[rows[i]], buffers, terms[i]);
    };
  });
  return terms;
}

// Of each place log((1 + n) / (1 + texts that have it)) + 1.
std::vector<float> inverse_frequencies(std::span<const std::vector<TextTerm>> texts) {
  std::vector<std::size_t> counts(kTermPlaces, 0);
  for (const auto& terms : texts) {
    for (const TextTerm& term : terms) ++counts[term.place];
  }
  std::vector<float> weight(kTermPlaces, 0.0F);
  for (std::size_t p = 0; p < kTermPlaces; ++p) {
    if (counts[p] < kFewestTexts) continue;
    weight[p] = static_cast<float>(
        std::log((1 + static_cast<double>(texts.size())) / (1 + static_cast<double>(counts[p]))) + 1);
  }
  return weight;
}

}  // namespace

TextReduction learn_text_reduction(const Table& table, Rows rows, std::uint64_t seed, unsigned threads,
                                   const std::stop_token& stop) {
  if (threads == 0) threads = default_threads();
  TextReduction out;
  out.column = table.text_name;
  out.set = TextSet::kNumbers;
  auto texts = all_terms(table, drawn_texts(table, rows, seed), threads, stop);
  std::vector<float> weight = inverse_frequencies(texts);
  const std::size_t r = std::min(kDirections, texts.size() / kTextsADirection);
  if (r == 0 || std::all_of(weight.begin(), weight.end(), [](float each) { return each == 0; })) return out;
  SparseRows matrix{.width = kTermPlaces};
  for (auto& terms : texts) {
    weigh_terms(weight, terms);
    for (const TextTerm& term : terms) {
      matrix.column.push_back(term.place);
      matrix.value.push_back(term.value);
    }
    matrix.begin.push_back(matrix.column.size());
    terms = {};
  }
  throw_if_stopped(stop, "train");
  out.set = TextSet::kWords;
  out.n_directions = r;
  out.direction = principal_directions(matrix, r, seed, threads);
  out.weight = std::move(weight);
  return out;
}

}  // namespace triage
