// Tables in which only a word of the text, or nothing, tells which model is right.
#pragma once

#include <array>
#include <string>

#include "base/hash.h"
#include "triage/tools/rows.h"

namespace triage::testing {

// Of n inputs half ask for an integral, on which "maths" is right and "letters" wrong, half for elegance,
// where it is the other way round: words as long as each other, so that only which it is tells. Around them
// stand 8 of 30 other words. With `answers` both say what is right or "9".
inline Table table_of_texts(std::size_t n, std::uint64_t seed, bool shuffled = false, bool answers = false) {
  constexpr std::array<const char*, 30> kOther{
      "the",  "of",    "and",  "please", "find",  "write", "long", "short", "good",  "about",
      "with", "under", "tree", "river",  "stone", "sun",   "moon", "day",   "night", "cat",
      "dog",  "house", "road", "first",  "last",  "new",   "old",  "red",   "green", "blue"};
  Random random(seed);
  Table table;
  table.text_name = "prompt";
  table.terms.cost_unit = "usd";
  for (const char* name : {"maths", "letters"}) table.models.push_back({ModelId(name, ""), "", "", 0});
  if (answers) table.n_classes = 10;
  for (std::size_t i = 0; i < n; ++i) {
    const bool is_maths = random.uniform() < 0.5;
    std::string text;
    const std::size_t place = random.below(9);
    for (std::size_t w = 0; w < 9; ++w) {
      text += w == place ? (is_maths ? "integral" : "elegance") : kOther[random.below(kOther.size())];
      text += ' ';
    }
    table.texts.push_back(text);
    table.ids.push_back("q" + std::to_string(i));
    const bool first_is_right = shuffled ? random.uniform() < 0.5 : is_maths;
    table.labels.push_back(answers ? static_cast<Label>(random.below(9)) : kNoLabel);
    for (const bool is_right : {first_is_right, !first_is_right}) {
      table.scores.push_back(is_right ? 1 : 0);
      table.infer_ms.push_back(1);
      if (!answers) continue;
      const ClassProbability said{is_right ? table.labels[i] : 9, 1.0F};
      table.outputs.push_back(TopK::from_parts({&said, 1}, 0.0F, 10));
      table.ranks.push_back(is_right ? 1 : 2);
    }
  }
  table.recipe_of = {0, 0};
  table.preprocess_ms.assign(n, 0);
  table.decode_ms.assign(n, 0);
  check_table(table);
  return table;
}

// Adds a feature that says nothing.
inline void add_noise(Table& table, std::uint64_t seed) {
  Random random(seed);
  table.schema.groups = {"g"};
  table.schema.features = {{"noise", 0, 0}};
  for (std::size_t i = 0; i < table.n_inputs(); ++i)
    table.features.push_back(static_cast<float>(random.uniform()));
  table.node_ms.assign(table.n_inputs(), 0);
  check_table(table);
}

}  // namespace triage::testing
