// The features of training rows with what their texts add, and whether they should add anything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "policy/text_reduction.h"
#include "triage/tools/rows.h"

namespace triage {

class LearnedTexts {
 public:
  // Learns the reduction on these rows, where the table has texts. `needs_a_column`: of a learner that cannot
  // do without features.
  LearnedTexts(const Table& table, Rows rows, bool needs_a_column, std::uint64_t seed,
               const std::stop_token& stop);

  // What can be added, the least first: kNothing, and of texts kNumbers, kWords.
  [[nodiscard]] const std::vector<TextSet>& sets() const { return sets_; }
  // The table's features, and those of the text behind them in a group of its own that costs nothing.
  [[nodiscard]] FeatureSchema schema(TextSet set) const;
  // Of PolicyInfo; null where nothing is added.
  [[nodiscard]] std::shared_ptr<const TextReduction> reduction(TextSet set) const;
  // (n, schema().size()) of the rows.
  [[nodiscard]] std::vector<float> values(TextSet set) const;

 private:
  FeatureSchema own_;
  std::vector<TextSet> sets_{TextSet::kNothing};
  bool has_column_ = false;  // of nothing
  TextReduction words_;
  std::vector<float> own_values_, text_values_;  // (n, d), (n, size of words_)
  std::size_t n_ = 0;
};

// Which set to take. `worths` says of each set what choosing with it is worth on each row, by inner
// cross-validation or on rows that trees did not see; NaN where that cannot be judged. A larger set is taken
// when it is better than the best of the smaller ones by at least one standard error of the difference.
[[nodiscard]] TextSet choose_text_set(const LearnedTexts& texts,
                                      const std::function<std::vector<double>(TextSet)>& worths);

// For TrainingFacts::notes: "not used", "plain numbers", "plain numbers and 60 of words".
[[nodiscard]] std::string text_note(const LearnedTexts& texts, TextSet set);

}  // namespace triage
