// Which class a text means: a class name, a WordNet id or a number.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "triage/tools/dataset.h"

namespace triage {

// Names of the classes that a data set is for, looked up by what people write for them. Texts are tried as
// they are, as WordNet ids, without regard to case and punctuation, and as one of the synonyms that commas
// part ("tench, Tinca tinca"). What would mean two classes means none.
class ClassMatcher {
 public:
  explicit ClassMatcher(const ClassList& classes);
  // kNoLabel where no class has this name.
  [[nodiscard]] Label find(std::string_view text) const;
  // Whether it names two classes or more.
  [[nodiscard]] bool is_ambiguous(std::string_view text) const;
  [[nodiscard]] bool has_names() const { return !exact_.empty(); }

 private:
  [[nodiscard]] Label look_up(std::string_view text) const;

  using Keys = std::unordered_map<std::string, Label>;
  static void add(Keys& keys, std::string key, Label label);
  Keys exact_, ids_, loose_, synonyms_;
};

// "7", "007" or "7.0" as 7; nullopt for anything else, negative numbers among it.
[[nodiscard]] std::optional<Label> parse_class_number(std::string_view text);

// Lower case, with each run of other characters than letters, digits and non-ASCII ones as one space:
// "T-shirt/top" and "t_shirt top" are alike.
[[nodiscard]] std::string loose_name(std::string_view text);

}  // namespace triage
